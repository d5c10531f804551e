// Two kinds of end-to-end tests, both against built binaries:
//   window/   the Desk: the real window in WebKitGTK on a display of its own
//   browser/  the Gate: the real server, in Chromium
// Nothing is retried: a test that passes now and then has found something.
import { defineConfig } from '@playwright/test'
import { chromium } from './lib/chromium.ts'

export default defineConfig({
  outputDir: './results',
  forbidOnly: true,
  retries: 0,
  // Half of a test is waiting for a page, so two fit on two cores; every test
  // has a server, a home and a display of its own.
  workers: 2,
  fullyParallel: false,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['json', { outputFile: process.env.E2E_REPORT ?? 'results/report.json' }]],
  use: { actionTimeout: 15_000, trace: 'off', video: 'off', screenshot: 'off' },
  projects: [
    { name: 'window', testDir: './window' },
    {
      name: 'browser',
      testDir: './browser',
      use: {
        browserName: 'chromium',
        viewport: { width: 1280, height: 800 },
        launchOptions: chromium,
      },
    },
  ],
})
