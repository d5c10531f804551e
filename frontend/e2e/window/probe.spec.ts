// What package app promises about every window, proven on the real one around
// the page of app/probe.

import { readFile, stat, writeFile } from 'node:fs/promises'
import { expect, test } from '@playwright/test'
import { Desk } from '../lib/desk.ts'
import { binaries } from '../lib/place.ts'
import { until } from '../lib/wait.ts'

test.describe('the window', () => {
  let desk: Desk

  test.beforeEach(async () => {
    desk = await Desk.open({ binary: binaries.probe, title: '^Gatehouse probe$' })
  })
  test.afterEach(async () => {
    expect(await desk?.close(), 'a window that is told to end ends in order').toBe('code 0')
  })

  test('carries what is typed to a bound method and shows the answer', async () => {
    await desk.fill('#name', 'Zoë Ångström')
    await desk.click('#greet')
    await desk.see('Good morning, Zoë Ångström', '#answer')
    await desk.fill('#name', '')
    await desk.press('Return')
    await desk.see('refused: say who you are', '#answer')
    await desk.picture('probe')
    expect(desk.complaints).toEqual([])
  })

  test('has no fault that axe finds', async () => {
    expect(await desk.faults()).toEqual([])
    expect(desk.complaints).toEqual([])
  })

  test('starts at 1280 by 800', async () => {
    expect(await desk.evaluate(() => [innerWidth, innerHeight])).toEqual([1280, 800])
  })

  test('runs no script but its own', async () => {
    const tried = await desk.evaluate(async () => {
      // What the inspector runs may use eval; so what is tried is tried later.
      await new Promise((resolve) => setTimeout(resolve))
      const attempt = (act: () => unknown) => {
        try {
          return String(act())
        } catch (error) {
          return (error as Error).name
        }
      }
      const inline = document.createElement('script')
      inline.append('window.inline = 1')
      document.body.append(inline)
      const { trustedTypes } = window as unknown as {
        trustedTypes: { createPolicy(name: string, rules: object): object }
      }
      return {
        inline: attempt(() => 'inline' in window),
        eval: attempt(() => (0, eval)('1')),
        text: attempt(() => (inline.text = '1')),
        markup: attempt(() => (document.body.innerHTML = '<p>')),
        handler: attempt(() => document.body.setAttribute('onclick', '1')),
        policy: attempt(() => trustedTypes.createPolicy('other', {})),
      }
    })
    expect(tried).toEqual({
      inline: 'false',
      eval: 'EvalError',
      text: 'TypeError',
      markup: 'TypeError',
      handler: 'TypeError',
      policy: 'TypeError',
    })
  })

  test('reaches no other place', async () => {
    const tried = await desk.evaluate(async () => {
      const image = (src: string) =>
        new Promise<string>((resolve) => {
          const element = new Image()
          element.onload = () => resolve('loaded')
          element.onerror = () => resolve('refused')
          element.src = src
        })
      return {
        fetch: await fetch('/probe.css').then(
          () => 'answered',
          () => 'refused',
        ),
        image: await image('http://127.0.0.1:1/x.png'),
      }
    })
    expect(tried).toEqual({ fetch: 'refused', image: 'refused' })
  })

  // On the day this fails, look at the page's own way to security keys for Linux
  // (docs/adr: hand-off page): the native one may no longer be needed.
  test('cannot ask security keys by itself', async () => {
    expect(
      await desk.evaluate(() => [typeof globalThis.PublicKeyCredential, typeof navigator.credentials]),
    ).toEqual(['undefined', 'undefined'])
  })

  test('is heard when its page complains', async () => {
    await desk.evaluate(() => {
      setTimeout(() => console.error('an error'))
      setTimeout(() => {
        throw new Error('thrown')
      })
      setTimeout(() => void Promise.reject(new Error('rejected')))
      const style = document.createElement('style')
      style.append('p { color: red }')
      setTimeout(() => document.head.append(style))
    })
    for (const heard of ['an error', 'thrown', 'rejected', 'style-src'])
      await until(`"${heard}" among the complaints`, () =>
        desk.complaints.some(({ text }) => text.includes(heard)),
      )
  })

  test('keeps arguments that cannot be decoded out of the log', async () => {
    const answer = await desk.evaluate(() => {
      const go = (window as unknown as { go: { main: { Probe: { Greet(x: unknown): Promise<unknown> } } } })
        .go
      return go.main.Probe.Greet(['canary-5a1']).then(
        () => 'answered',
        () => 'refused',
      )
    })
    expect(answer).toBe('refused')
    expect(desk.program.stderr).toContain('method=main.Probe.Greet')
    expect(desk.program.stdout + desk.program.stderr).not.toContain('canary-5a1')
  })

  test('saves a file where the person says, for its owner only', async () => {
    await desk.click('#save')
    await desk.dialog()
    const path = desk.home.in('documents', 'codes.txt')
    await desk.press('ctrl+a')
    await desk.display.type(path)
    await desk.press('Return')
    await desk.see('saved', '#answer')
    expect(await readFile(path, 'utf8')).toBe('kept by the probe\n')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test('opens links in the programs of the person, and only some', async () => {
    const opened = desk.home.in('opened')
    await writeFile(desk.home.in('bin', 'xdg-open'), `#!/bin/sh\nprintf '%s\\n' "$*" >>'${opened}'\n`, {
      mode: 0o755,
    })
    const answers = await desk.evaluate(async () => {
      const { Desk } = (
        window as unknown as { go: { app: { Desk: { OpenLink(link: string): Promise<void> } } } }
      ).go.app
      const answers: string[] = []
      for (const link of [
        'file:///etc/passwd',
        'https://example.com/~a?b=c&d',
        'mailto:a@example.com?attach=/etc/passwd',
      ])
        answers.push(
          await Desk.OpenLink(link).then(
            () => 'opened',
            () => 'refused',
          ),
        )
      return answers
    })
    expect(answers).toEqual(['refused', 'opened', 'refused'])
    await until('the link to be opened', () => readFile(opened, 'utf8').catch(() => undefined))
    expect(await readFile(opened, 'utf8')).toBe('https://example.com/%7Ea?b=c&d\n')
  })
})
