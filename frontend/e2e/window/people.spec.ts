// Administering in the real window: users with everything one does to them, one's
// own second factors, sessions and password, and long lists.

import { expect, test } from '@playwright/test'
import { Desk } from '../lib/desk.ts'
import { installation, practise, type Way } from '../lib/gate.ts'
import { binaries, Home } from '../lib/place.ts'
import { Authenticator } from '../lib/totp.ts'
import { until } from '../lib/wait.ts'
import { lastLook, look } from './look.ts'
import { signIn, signOut } from './walk.ts'

test.describe('an administrator at the Desk', () => {
  let home: Home
  let desk: Desk
  let anna: Way
  let app: Authenticator

  test.beforeEach(async () => {
    home = await Home.make()
  })
  test.afterEach(async ({}, info) => {
    await lastLook(desk, info)
    const how = await desk.close()
    await home.remove()
    expect(how, 'a window that is told to end ends in order').toBe('code 0')
  })

  /** arrive opens the window on practice data and signs its administrator in. */
  async function arrive(users: number): Promise<void> {
    anna = (await practise(home, users))[0]!
    app = new Authenticator(anna.authenticatorKey!)
    desk = await Desk.open({ binary: binaries.desk, args: installation(home), home })
    await signIn(desk, anna, app)
  }

  const go = (path: string) => desk.evaluate((to) => void (location.hash = to), path)

  test('looks a user up, changes, keeps out, resets and deletes', async () => {
    test.setTimeout(240_000)
    await arrive(30)
    await go('/users')
    await desk.fill('[type=search]', 'Tom Willems')
    await desk.see(/^1 user$/, 'output')
    await desk.click({ css: 'tbody button', text: 'Tom Willems' })
    await desk.see('Recent activity', 'main')
    await look(desk, 'desk-users-row-open')
    await desk.click({ css: 'main a', text: 'Open the user' })
    await desk.see('Tom Willems', 'main h1')
    await desk.see('Effective permissions', 'main')
    await look(desk, 'desk-user')

    await desk.click({ css: 'main button', text: 'Edit' })
    await desk.fill('dialog [name=mobile]', '+32 470 12 34 56')
    await look(desk, 'desk-user-edit')
    await desk.click({ css: 'dialog button', text: 'Save changes' })
    await desk.see('Changes to Tom Willems were saved.')

    await desk.click({ css: 'main button', text: 'Deactivate' })
    await desk.see('Tom Willems was deactivated.')
    await look(desk, 'desk-user-deactivated')
    await desk.click({ css: 'button', text: 'Undo' })
    await desk.see('Tom Willems was reactivated.')

    await desk.click({ css: 'main button', text: 'Reset 2-factor authentication' })
    await desk.fill('dialog [name=reason]', 'Lost the phone on the train')
    await look(desk, 'desk-user-reset')
    await desk.click({ css: 'dialog button', text: 'Reset 2-factor authentication' })
    await desk.see('There is no second factor to reset.', 'main')

    await desk.click({ css: 'main button', text: 'Issue a new link' })
    await desk.click({ css: 'dialog button', text: 'Issue a new link' })
    await desk.see('Tom Willems can now be let in', 'dialog')
    await look(desk, 'desk-user-reissued')
    await desk.click({ css: 'dialog button', text: 'Copy as message' })
    await desk.click({ css: 'dialog button', text: 'Done' })

    await desk.click({ css: 'main button', text: 'Delete' })
    await look(desk, 'desk-user-delete')
    await desk.fill('dialog input', 'tom')
    await desk.click({ css: 'dialog button', text: 'Delete' })
    await desk.see('was deleted')
    await look(desk, 'desk-users-after')
  })

  test('looks after their own second factors, sessions and password', async () => {
    test.setTimeout(240_000)
    await arrive(12)
    await go('/profile')
    await desk.see('Your recent activity', 'main')
    await look(desk, 'desk-own-profile')
    await go('/profile/second-factors')
    await desk.click({ css: 'main button', text: 'Make new codes' })
    await desk.see('The old codes still work.', 'main')
    await look(desk, 'desk-own-codes')
    await desk.click('main input[type=checkbox]')
    await desk.click({ css: 'main button', text: 'Use the new codes' })
    await desk.see('10 recovery codes left', 'main')
    await look(desk, 'desk-own-factors')
    await go('/profile/sessions')
    await desk.see('You are signed in nowhere else.', 'main')
    await look(desk, 'desk-own-sessions')
    await go('/settings')
    await desk.see('Protection at rest', 'main')
    await look(desk, 'desk-settings')
    await desk.press('question')
    await desk.see('Keyboard shortcuts', 'dialog')
    await look(desk, 'desk-shortcuts')
    await desk.press('Escape')
    await go('/profile/password')
    await desk.see('Change your password', 'main')
    await desk.fill('[name=current]', anna.password)
    await desk.fill('[name=password]', 'nine slow barges under the bridge')
    await look(desk, 'desk-own-password')
    await desk.press('Return')
    await desk.see('Your password was changed.')
    await signOut(desk)
    await signIn(desk, { ...anna, password: 'nine slow barges under the bridge' }, app)
  })

  test('scrolls through thousands without drawing them all', async () => {
    test.setTimeout(180_000)
    await arrive(3000)
    await go('/users')
    await desk.see('3,000 users', 'output')
    const rows = () => desk.evaluate(() => document.querySelectorAll('tbody tr[aria-rowindex]').length)
    expect(await rows()).toBeLessThanOrEqual(60)
    let most = 0
    await until(
      'a thousand rows to go by',
      async () => {
        const last = await desk.evaluate(() => {
          const area = document.querySelector('[role=region]:has(table)')!
          area.scrollTop = area.scrollHeight
          return Number(
            [...document.querySelectorAll('tbody tr[aria-rowindex]')].at(-1)?.getAttribute('aria-rowindex'),
          )
        })
        most = Math.max(most, await rows())
        return last > 1000 || undefined
      },
      60_000,
    )
    expect(most).toBeLessThanOrEqual(60)
    await desk.picture('desk-users-far-down')
  })
})
