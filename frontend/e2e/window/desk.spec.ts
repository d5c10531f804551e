// The Desk as people have it: the real window, from an empty database on.

import { readFile } from 'node:fs/promises'
import { expect, test } from '@playwright/test'
import { Desk } from '../lib/desk.ts'
import { installation, practise } from '../lib/gate.ts'
import { binaries, Home, root } from '../lib/place.ts'
import { Authenticator } from '../lib/totp.ts'
import { lastLook, look } from './look.ts'
import { addColleague, anna, colleague, setUp, signIn, signOut } from './walk.ts'

test.describe('the Desk', () => {
  let home: Home
  let desk: Desk | undefined

  test.beforeEach(async () => {
    home = await Home.make()
  })
  test.afterEach(async ({}, info) => {
    await lastLook(desk, info)
    const how = await desk?.close()
    desk = undefined
    await home.remove()
    expect(how, 'a window that is told to end ends in order').toBe('code 0')
  })

  test('leads from nothing to a colleague who is let in', async () => {
    test.setTimeout(240_000)
    desk = await Desk.open({ binary: binaries.desk, args: installation(home), home })
    const { app } = await setUp(desk)
    await look(desk, 'home-new')
    await addColleague(desk)
    await desk.click({ css: 'nav a', text: 'Activity' })
    await desk.see(colleague.name, 'main')
    await look(desk, 'activity-new')
    await signOut(desk)
    await look(desk, 'sign-in')
    await signIn(desk, anna, app)
    await look(desk, 'home-again')
    expect(desk.program.stderr + desk.program.stdout).not.toContain(anna.password)
  })

  test('binds what the list of bound methods says, and nothing else', async () => {
    desk = await Desk.open({ binary: binaries.desk, args: installation(home), home })
    const found = await desk.evaluate(() => {
      const go = (window as unknown as { go: Record<string, Record<string, object>> }).go
      return Object.entries(go).flatMap(([pack, nouns]) =>
        Object.entries(nouns).flatMap(([noun, methods]) =>
          Object.keys(methods).map((method) => `${pack}.${noun}.${method}`),
        ),
      )
    })
    const golden = await readFile(`${root}/app/testdata/bound.golden`, 'utf8')
    const want = [...golden.matchAll(/^(\w+\.\w+)\(/gm)].map(([, method]) => `app.${method}`)
    expect(found.toSorted()).toEqual(want.toSorted())
  })

  test('is in order in the dark, small and in German', async () => {
    test.setTimeout(120_000)
    const [operator] = await practise(home, 36)
    desk = await Desk.open({
      binary: binaries.desk,
      args: installation(home),
      home,
      theme: 'dark',
      language: 'de_DE',
    })
    await desk.resize(1024, 640)
    await desk.see(/^Anmelden$/, 'h1')
    await look(desk, 'dunkel-anmelden')
    await signIn(desk, operator!, new Authenticator(operator!.authenticatorKey!))
    // Her own language is English; one that is chosen by hand on this computer goes before it.
    await desk.press('ctrl+k')
    await desk.write('Deutsch')
    await desk.press('Return')
    await desk.see('Start', 'nav')
    await look(desk, 'dunkel-start')
    for (const [path, heading] of [
      ['/users', /^Benutzer$/],
      ['/activity', /^Aktivität$/],
      ['/profile', /^Profil$/],
      ['/profile/second-factors', /^2-Faktor-Authentifizierung$/],
    ] as const) {
      await desk.evaluate((to) => void (location.hash = to), path)
      await desk.see(heading, 'main h1')
      await look(desk, `dunkel${path.replaceAll('/', '-')}`)
    }
  })
})
