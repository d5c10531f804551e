import { svelte } from '@sveltejs/vite-plugin-svelte'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [tailwindcss(), svelte()],
  build: {
    target: ['es2022', 'safari16.4'],
    // The page's policy allows no data: addresses, so nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // What nearly every screen is made of comes with the frame, once.
      output: {
        chunkFileNames: ({ facadeModuleId }) => {
          const words = /messages\/(\w+)\/(\w+)\.ts$/.exec(facadeModuleId ?? '')
          return words ? `assets/words-${words[1]}-${words[2]}-[hash].js` : 'assets/[name]-[hash].js'
        },
        codeSplitting: {
          groups: [
            {
              name: 'parts',
              test: /src\/ui\/(Page|Skeleton|Chip|FilterChips|When|Ribbon|Monogram|Notice|EmptyState)\.svelte/,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8480' } },
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'], restoreMocks: true },
})
