import { svelte } from '@sveltejs/vite-plugin-svelte'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vitest/config'

/** What nearly every screen is made of. */
const parts = /src\/ui\/(Page|Skeleton|Chip|FilterChips|When|Ribbon|Monogram|Notice|EmptyState)\.svelte/

/** Reports whether a module is needed before anything can be shown: it comes in one file with the others then. */
function atStart(id: string, importers: (id: string) => readonly string[], seen = new Set<string>()): boolean {
  if (id.endsWith('/src/main.ts')) return true
  if (seen.has(id)) return false
  seen.add(id)
  return importers(id).some((one) => atStart(one, importers, seen))
}

export default defineConfig({
  plugins: [tailwindcss(), svelte()],
  build: {
    target: ['es2022', 'safari16.4'],
    // The page's policy allows no data: addresses, so nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        chunkFileNames: ({ facadeModuleId }) => {
          const words = /messages\/(\w+)\/(\w+)\.ts$/.exec(facadeModuleId ?? '')
          return words ? `assets/words-${words[1]}-${words[2]}-[hash].js` : 'assets/[name]-[hash].js'
        },
        codeSplitting: {
          groups: [
            {
              name: (id, graph) =>
                parts.test(id) || atStart(id, (one) => graph.getModuleInfo(one)?.importers ?? []) ? 'app' : null,
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
