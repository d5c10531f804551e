// The Desk as it is given to people: nothing to look inside with, nothing that
// listens, one window for a database.

import { expect, test } from '@playwright/test'
import { freePort } from '../lib/desk.ts'
import { installation, practise } from '../lib/gate.ts'
import { binaries, Home, picturePath } from '../lib/place.ts'
import { listening, memory } from '../lib/process.ts'
import { Program, run } from '../lib/program.ts'
import { until } from '../lib/wait.ts'
import { RealWindow } from '../lib/window.ts'

test.describe('the Desk as given to people', () => {
  let home: Home

  test.beforeEach(async () => {
    home = await Home.make()
  })
  test.afterEach(async () => {
    await home.remove()
  })

  const open = (env: NodeJS.ProcessEnv = {}) =>
    RealWindow.open({ binary: binaries.window, args: installation(home), home, env })

  /** pageIsUp waits until the window shows more than its background, as nobody can look inside. */
  const pageIsUp = (window: RealWindow) =>
    until('the page to be up', async () => {
      window.program.alive()
      return (await window.display.colours(window.id)) > 50
    })

  test('listens on nothing, and keeps within its size', async () => {
    await practise(home, 36)
    const window = await open()
    try {
      await pageIsUp(window)
      expect(await listening(window.program.pid)).toEqual([])
      const hints = await run('xprop', ['-id', window.id, 'WM_NORMAL_HINTS'], {
        PATH: process.env.PATH,
        DISPLAY: window.display.name,
      })
      expect(hints).toContain('minimum size: 1024 by 640')
      await window.display.picture(picturePath('production'), window.id)
      console.log(`the window with its web processes: ${(await memory(window.program.pid)).toFixed(0)} MB`)
    } finally {
      expect(await window.close()).toBe('code 0')
    }
  })

  test('lets nobody look inside', async () => {
    const port = await freePort()
    const window = await open({
      WEBKIT_INSPECTOR_HTTP_SERVER: `127.0.0.1:${port}`,
      WEBKIT_INSPECTOR_SERVER: `127.0.0.1:${await freePort()}`,
    })
    try {
      await pageIsUp(window)
      expect(await listening(window.program.pid)).toEqual([])
    } finally {
      expect(await window.close()).toBe('code 0')
    }
  })

  test('opens once for a database', async () => {
    const bus = await Program.start('dbus-daemon', ['--session', '--nofork', '--print-address=1'], home.env())
    try {
      const env = {
        DBUS_SESSION_BUS_ADDRESS: await until('the session bus', () => /^unix:\S+/.exec(bus.stdout)?.[0]),
      }
      const first = await open(env)
      try {
        const second = await Program.start(binaries.window, installation(home), {
          ...home.env(),
          ...env,
          DISPLAY: first.display.name,
        })
        try {
          await until('the second to give way', () => second.ended !== undefined)
        } finally {
          await second.end()
        }
        first.program.alive()
        expect(await first.display.windows(second.pid, '.*')).toEqual([])
      } finally {
        expect(await first.close()).toBe('code 0')
      }
    } finally {
      await bus.end()
    }
  })

  test('says what to do where it cannot open a window', async () => {
    for (const [binary, env] of [
      [binaries.window, {}],
      [binaries.window, { DISPLAY: ':32000' }],
      [binaries.gate, {}],
    ] as const) {
      const program = await Program.start(binary, installation(home), { ...home.env(), ...env })
      expect(await program.exit()).toBe('code 1')
      expect(program.stderr).toContain('gatehouse serve')
    }
  })
})
