// The Desk opens its doors for programs on the same computer, sees them come, and
// closes the doors again.

import { writeFile } from 'node:fs/promises'
import { expect, test } from '@playwright/test'
import { Desk } from '../lib/desk.ts'
import { command, installation, practise } from '../lib/gate.ts'
import { binaries, Home } from '../lib/place.ts'
import { askLines, Registrar } from '../lib/registrar.ts'
import { Authenticator } from '../lib/totp.ts'
import { until } from '../lib/wait.ts'
import { lastLook, look } from './look.ts'
import { signIn } from './walk.ts'

const button = (text: string) => ({ css: 'button', text })

/** inGerman keeps pictures of the open doors in German, from top to bottom. */
async function inGerman(desk: Desk): Promise<void> {
  const speak = async (language: string, seen: string) => {
    await desk.press('ctrl+k')
    await desk.write(language)
    await desk.press('Return')
    await desk.see(seen, 'nav')
  }
  await speak('Deutsch', 'Start')
  await look(desk, 'doors-open-german')
  await desk.evaluate(() => document.querySelector('main')?.scrollTo(0, 1e6))
  await look(desk, 'doors-open-german-end')
  await desk.evaluate(() => document.querySelector('main')?.scrollTo(0, 0))
  await speak('English', 'Home')
}

test.describe('the doors of the Desk', () => {
  let home: Home
  let registrar: Registrar
  let desk: Desk | undefined

  test.beforeEach(async () => {
    home = await Home.make()
    registrar = await Registrar.start()
  })
  test.afterEach(async ({}, info) => {
    await lastLook(desk, info)
    const how = await desk?.close()
    desk = undefined
    await registrar.stop()
    await home.remove()
    expect(how, 'a window that is told to end ends in order').toBe('code 0')
  })

  for (const [when, theme] of [
    ['day', 'light'],
    ['night', 'dark'],
  ] as const)
    test(`open and close by ${when}`, async () => {
      test.setTimeout(180_000)
      const [operator] = await practise(home, 36)
      await writeFile(home.in('names.txt'), '.be\nexample.be\n')
      const run = (...args: string[]) => command(home, ...args)
      await run('gate', 'update', '--upstream', registrar.url, '--sources', `list:${home.in('names.txt')}`)
      await run('upstreams', 'set', '--credential', registrar.credential)
      const { entities } = JSON.parse(await run('users', 'list', '--json')) as {
        entities: { id: string; login: string }[]
      }
      const { secret } = JSON.parse(
        await run(
          ...[
            'keys',
            'create',
            '--user',
            entities.find(({ login }) => login === operator!.login)!.id,
            '--json',
          ],
          ...['--description', 'Door check', '--channels', 'API', '--channels', 'ISPROXY'],
          ...['--permissions', 'VIEW_DOMAIN,VIEW_USER,CHECK_DOMAIN'],
        ),
      ) as { secret: string }

      desk = await Desk.open({ binary: binaries.desk, args: installation(home), home, theme })
      await signIn(desk, operator!, new Authenticator(operator!.authenticatorKey!))
      await desk.see('The doors are closed. No program can come in.', 'main')
      await desk.press('g', 'g')
      await desk.see('Gate', 'h1')
      await look(desk, `doors-closed-${when}`)
      await desk.click(button('Open the doors'))
      await desk.see('Programs on this computer can come in', 'main')
      await desk.see('Doors open', 'header')
      const base = await until(
        'the address',
        async () => /http:\/\/127\.0\.0\.1:\d+/.exec((await desk!.text('main')) ?? '')?.[0],
      )
      const lines = await until(
        'the address of ISProxy',
        async () => /(?<!\/)127\.0\.0\.1:\d+/.exec((await desk!.text('[aria-label=ISProxy]')) ?? '')?.[0],
      )
      await desk.resize(1024, 640)
      await look(desk, `doors-open-${when}`)

      if (theme === 'dark') await inGerman(desk)
      const call = async (
        path: string,
        headers: Record<string, string> = { Authorization: `ApiKey ${secret}` },
      ) => (await fetch(base + path, { headers })).status
      expect(await call('/v2/domains/example.be')).toBe(200)
      expect(await call('/api/v1/users')).toBe(200)
      expect(await call('/api/v1/users', {}), 'nobody without a key').toBe(401)
      expect(await call('/api/v1/session', {}), 'nobody signs in there').toBe(404)
      expect(await call('/', {}), 'the app stays in the window').toBe(404)
      expect((await askLines(lines, `LOGIN ${secret}`, 'IS free.be', 'QUIT')).sort()).toEqual([
        '100 Login ok',
        'free.be available',
      ])
      expect(registrar.seen).toContain('GET /v2/domains/example.be')
      await desk.see(/Calls\s+1\s/, 'section[aria-labelledby=gate-through]')
      await desk.see(/Questions\s+1\s/, 'section[aria-labelledby=gate-line]')

      await desk.click(button('Close the doors'))
      await desk.see('Calls under way come to their end', 'dialog')
      await look(desk, `doors-closing-${when}`)
      await desk.click({ css: 'dialog button', text: 'Close the doors' })
      await desk.see('No program can come in.', 'main')
      await expect(fetch(`${base}/v2/domains/example.be`)).rejects.toThrow()
      await expect(askLines(lines, 'QUIT')).rejects.toThrow()
      const log = await run('activity', 'list', '--json')
      for (const event of ['gate.opened', 'gate.closed']) expect(log).toContain(event)
    })
})
