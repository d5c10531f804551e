// Security keys at the Desk: the real window and the real libfido2, with keys in
// software; and the page that a browser opens in its place.

import { readFile, writeFile } from 'node:fs/promises'
import { chromium as browserType, expect, test, type Browser, type Page } from '@playwright/test'
import { axeInPage, axeSource, wcag } from '../lib/axe.ts'
import { chromium } from '../lib/chromium.ts'
import { Desk } from '../lib/desk.ts'
import { find } from '../lib/find.ts'
import { installation, practise, type Way } from '../lib/gate.ts'
import { binaries, Home, picturePath } from '../lib/place.ts'
import { listening } from '../lib/process.ts'
import { SoftKey } from '../lib/softkey.ts'
import { Authenticator } from '../lib/totp.ts'
import { until } from '../lib/wait.ts'
import { lastLook, look } from './look.ts'
import { signIn, signOut } from './walk.ts'

const pin = '739155028846'
const button = (text: string) => ({ css: 'main button', text })

test.describe('security keys at the Desk', () => {
  let home: Home
  let desk: Desk | undefined
  let who: Way
  let keys: SoftKey[]

  test.beforeEach(async () => {
    test.setTimeout(240_000)
    home = await Home.make()
    keys = []
    ;[who] = (await practise(home, 36)) as [Way]
  })
  test.afterEach(async ({}, info) => {
    await lastLook(desk, info)
    const how = await desk?.close()
    if (how !== undefined && how !== 'code 0') console.log(desk?.program.stderr.slice(0, 4000))
    const said = (desk?.program.stdout ?? '') + (desk?.program.stderr ?? '')
    desk = undefined
    for (const key of keys) await key.end()
    await home.remove()
    if (info.status !== info.expectedStatus) return
    expect(how, 'a window that is told to end ends in order').toBe('code 0')
    expect(said).not.toContain(pin)
  })

  const plugIn = async (name: string, ...flags: string[]) => {
    const key = await SoftKey.plugIn(home, name, ...flags)
    keys.push(key)
    return key
  }
  const open = async (more: { language?: string; theme?: 'dark' } = {}) => {
    const devices = keys.flatMap((key) => ['--fido-device', key.path])
    desk = await Desk.open({
      binary: binaries.desk,
      args: [...installation(home), ...devices],
      home,
      ...more,
    })
    return desk
  }
  /** toTap signs in, if nobody is, and goes to where a key called that is asked. */
  const toTap = async (desk: Desk, name: string) => {
    await desk.evaluate((to) => void (location.hash = to), '/profile')
    await desk.evaluate((to) => void (location.hash = to), '/profile/second-factors')
    await desk.click({ css: 'main button', text: 'key' })
    await desk.fill('main [name=name]', name)
    await desk.click(button('Register security key'))
  }
  const enter = async (desk: Desk, text: string) => {
    await until('the question for the PIN', () =>
      desk.evaluate(() => find('[name=security-key-pin]') !== undefined),
    )
    await desk.fill('[name=security-key-pin]', text)
    await desk.press('Return')
  }

  test('register with their PIN, and let in', async () => {
    const key = await plugIn('key', '--pin', pin)
    const desk = await open()
    await signIn(desk, who, new Authenticator(who.authenticatorKey!))
    await toTap(desk, 'Blue key')
    await desk.see('Enter the PIN of your key', 'main')
    await desk.see('8 tries are left', 'main')
    await look(desk, 'key-pin')
    await enter(desk, '12')
    await desk.see('This cannot be the PIN', 'main')
    await enter(desk, '111111')
    await desk.see('This PIN is not right.', 'main')
    await desk.see('7 tries are left', 'main')
    await look(desk, 'key-pin-wrong')
    await key.do('touch never')
    await enter(desk, pin)
    await desk.see('Touch your key now', 'main')
    await look(desk, 'key-touch')
    await key.do('touch once')
    await desk.see('The security key Blue key was added', 'main')
    await look(desk, 'key-added')

    // The same key again is known.
    await key.do('touch always')
    await toTap(desk, 'The same')
    await enter(desk, pin)
    await desk.see('This key is registered already', 'main')
    await look(desk, 'key-registered-already')
    await desk.click(button('Back'))

    // As second step.
    await signOut(desk)
    await desk.fill('[name=login]', who.login)
    await desk.fill('[name=password]', who.password)
    await desk.press('Return')
    await enter(desk, pin)
    await desk.see('Home', 'nav')
    await signOut(desk)

    // Alone.
    await desk.click({ css: 'button', text: 'Sign in with a passkey' })
    await enter(desk, pin)
    await desk.see('Home', 'nav')
    expect(desk.complaints).toEqual([])
    const page = await desk.evaluate(() => document.documentElement.outerHTML)
    expect(page).not.toContain(pin)
  })

  test('tell what is wrong, each by itself', async () => {
    const key = await plugIn('key', '--touch-timeout', '1500ms')
    await key.do('unplug')
    const desk = await open()
    await signIn(desk, who, new Authenticator(who.authenticatorKey!))
    await toTap(desk, 'Blue key')
    await desk.see('Insert your security key', 'main')
    await look(desk, 'key-insert')

    // Plugged in while it is waited for, and touched by nobody.
    await key.do('touch never')
    await key.do('plug')
    await desk.see('Touch your key now', 'main')
    await desk.see('The time was over', 'main')
    await look(desk, 'key-timed-out')

    await key.do('unplug')
    await desk.click(button('Try again'))
    await desk.see('Insert your security key', 'main')
    await desk.click(button('Cancel'))
    await desk.see('2-factor authentication', 'main h1')

    // Nothing goes on in secret: the key is free for the next.
    await toTap(desk, 'Blue key')
    await desk.see('Insert your security key', 'main')
    await key.do('touch always')
    await key.do('plug')
    await desk.see('The security key Blue key was added', 'main')

    // A key of another site does not let in; nor does one that forgot.
    await signOut(desk)
    await key.do('forget')
    await key.do('add example.com aGFuZGxl ada')
    await desk.fill('[name=login]', who.login)
    await desk.fill('[name=password]', who.password)
    await desk.press('Return')
    await desk.see('This key is not registered here', 'main, body')
    await look(desk, 'key-not-registered')
    expect(desk.complaints).toEqual([])
  })

  test('are told apart by touch', async () => {
    const one = await plugIn('one')
    const other = await plugIn('other')
    for (const key of [one, other]) await key.do('touch never')
    const desk = await open({ language: 'de_DE', theme: 'dark' })
    await signIn(desk, who, new Authenticator(who.authenticatorKey!))
    await toTap(desk, 'Blue key')
    await desk.see('Touch the key you mean', 'main')
    await look(desk, 'key-choose')
    await other.do('touch once')
    await desk.see('Touch your key now', 'main')
    await other.do('touch once')
    await desk.see('The security key Blue key was added', 'main')
    expect(await one.do('list')).toBe('')
    expect(await other.do('list')).not.toBe('')
  })

  test.describe('by the browser', () => {
    let browser: Browser

    test.beforeEach(async () => {
      // Stands in for what opens browsers on a desktop.
      await writeFile(
        home.in('bin', 'xdg-open'),
        `#!/bin/sh\nprintf '%s\\n' "$*" >'${home.in('opened')}'\n`,
        { mode: 0o755 },
      )
      browser = await browserType.launch(chromium)
    })
    test.afterEach(async () => {
      await browser.close()
    })

    /** toPage gets to where the window has opened a browser, and opens its address. */
    const toPage = async (desk: Desk, theme: 'light' | 'dark' = 'light') => {
      await desk.see('Insert your security key', 'main')
      await desk.click(button('Use my browser instead'))
      await desk.see('http://wails.localhost:', 'main')
      const address = await until('a browser to be opened', async () =>
        (await readFile(home.in('opened'), 'utf8').catch(() => '')).trim(),
      )
      await desk.see(address, 'main')
      const context = await browser.newContext({
        viewport: { width: 1024, height: 640 },
        colorScheme: theme,
      })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (message) => {
        if (message.type() !== 'log') complaints.push(message.text())
      })
      page.on('pageerror', (error) => complaints.push(String(error)))
      await page.goto(address)
      return { page, address, complaints }
    }
    /** listensNoMore waits until the window listens to nothing but these. */
    const listensNoMore = (desk: Desk, before: string[]) =>
      until('the window to listen no more', async () => {
        const now = (await listening(desk.program.pid)).filter((address) => !before.includes(address))
        if (now.length > 0) throw new Error(`it listens to ${now.join()}`)
        return true
      })
    const virtualKey = async (page: Page) => {
      const devtools = await page.context().newCDPSession(page)
      await devtools.send('WebAuthn.enable')
      await devtools.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          protocol: 'ctap2',
          transport: 'usb',
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
        },
      })
    }
    const seen = async (page: Page, name: string) => {
      await page.screenshot({ path: picturePath(name), fullPage: true })
      await page.setViewportSize({ width: 320, height: 640 })
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      ).toBeLessThanOrEqual(0)
      await page.screenshot({ path: picturePath(`${name}-narrow`), fullPage: true })
      await page.setViewportSize({ width: 1024, height: 640 })
      // By the devtools, past the policy of the page.
      const devtools = await page.context().newCDPSession(page)
      await devtools.send('Page.setBypassCSP', { enabled: true })
      await devtools.send('Runtime.evaluate', { expression: await axeSource() })
      expect(await page.evaluate(axeInPage, wcag), name).toEqual([])
    }

    test('register and let in', async () => {
      await plugIn('key', '--touch-timeout', '60s')
      await keys[0]!.do('unplug')
      const desk = await open()
      await signIn(desk, who, new Authenticator(who.authenticatorKey!))
      const before = await listening(desk.program.pid) // what inspects the window
      await toTap(desk, 'Browser key')
      const { page, complaints } = await toPage(desk)
      await look(desk, 'key-browser')
      await seen(page, 'hand-off-start')
      expect(page.url(), 'the token is out of the address').not.toContain('#')
      await virtualKey(page)
      await page.getByRole('button', { name: 'Use security key' }).click()
      await expect(page.getByText('Your key has answered.')).toBeVisible()
      await seen(page, 'hand-off-done')
      await desk.see('The security key Browser key was added', 'main')
      await listensNoMore(desk, before)
      expect(complaints.filter((text) => !text.includes('ERR_CONNECTION'))).toEqual([])
    })

    test('wait for whoever goes on, and end together', async () => {
      await plugIn('key')
      await keys[0]!.do('unplug')
      const desk = await open({ theme: 'dark' })
      await signIn(desk, who, new Authenticator(who.authenticatorKey!))
      const before = await listening(desk.program.pid)
      await toTap(desk, 'Browser key')
      const { page, address } = await toPage(desk, 'dark')
      await seen(page, 'hand-off-dark')
      // Here there is no key at all.
      await page.getByRole('button', { name: 'Use security key' }).click()
      await expect(page.getByRole('button', { name: 'Cancel' })).toBeVisible()
      await seen(page, 'hand-off-waiting-dark')

      // The address is used up.
      const second = await page.context().newPage()
      await second.goto(address)
      await second.getByRole('button', { name: 'Use security key' }).click()
      await expect(second.getByText('This page is no longer in use.')).toBeVisible()

      // Not with the pointer: Chromium's own dialog is over the page, though nobody sees it here.
      await page.getByRole('button', { name: 'Cancel' }).dispatchEvent('click')
      await expect(page.getByText('Cancelled. Nothing was changed.')).toBeVisible()
      await desk.see('No key was used', 'main')

      // And the other way round.
      await desk.click(button('Try again'))
      const again = await toPage2(desk, address)
      await page.goto(again)
      await page.getByRole('button', { name: 'Use security key' }).click()
      await desk.click(button('Cancel'))
      await expect(page.getByText('This page is no longer in use.')).toBeVisible()
      await listensNoMore(desk, before)
    })

    /** toPage2 waits for an address that is not the one before. */
    const toPage2 = (desk: Desk, before: string) =>
      until('another address', async () => {
        desk.program.alive()
        const address = (await readFile(home.in('opened'), 'utf8')).trim()
        return address !== before && address
      })
  })
})
