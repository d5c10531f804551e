// The operator's rooms in the real window: roles and their matrix, accounts, what
// goes out as mail and SMS, notices and service users. By day in English and by
// night in German; each screen as it opens, as small as the window gets, and enlarged.

import { expect, test } from '@playwright/test'
import { Desk } from '../lib/desk.ts'
import { command, installation, practise } from '../lib/gate.ts'
import { binaries, Home } from '../lib/place.ts'
import { find } from '../lib/find.ts'
import { Authenticator } from '../lib/totp.ts'
import { until } from '../lib/wait.ts'
import { fits, lastLook, look } from './look.ts'
import { signIn } from './walk.ts'

/** A window of 1280 by 800 that is enlarged to 200 % has a page of half of that. */
const sizes = { zoomed: [640, 400], small: [1024, 640], wide: [1280, 800] } as const
type Size = keyof typeof sizes

const english = {
  createRole: 'Create role',
  affects: 'affects',
  openAccount: 'Open account',
  next: 'Next',
  discard: 'Discard',
  update: 'Change details and policy',
  handOver: 'Hand over the admin user',
  byConsole: 'at the command line, on the machine itself',
  kept: 'nobody keeps them back',
  preview: 'Preview',
  redirected: 'It was changed how links and codes go out',
  addService: 'Add service user',
  openUser: 'Open the user',
}
type Words = typeof english
const german: Words = {
  createRole: 'Rolle anlegen',
  affects: 'betrifft',
  openAccount: 'Konto eröffnen',
  next: 'Weiter',
  discard: 'Verwerfen',
  update: 'Angaben und Richtlinie ändern',
  handOver: 'Admin-Benutzer übergeben',
  byConsole: 'an der Kommandozeile',
  kept: 'niemand hält sie zurück',
  preview: 'Vorschau',
  redirected: 'wie Links und Codes von dieser Installation verschickt werden',
  addService: 'Dienstbenutzer hinzufügen',
  openUser: 'Benutzer öffnen',
}

test.describe('the operator at the Desk', () => {
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

  for (const [when, theme, words, ...seen] of [
    ['day', 'light', english, 'wide', 'small'],
    ['night', 'dark', german, 'small', 'zoomed'],
  ] as const)
    test(`finds every room in order by ${when}`, async () => {
      test.setTimeout(180_000)
      const [operator] = await practise(home, 24)
      const accounts = await furnish(home)
      desk = await Desk.open({ binary: binaries.desk, args: installation(home), home, theme })
      await signIn(desk, operator!, new Authenticator(operator!.authenticatorKey!))
      if (theme === 'dark') {
        await desk.press('ctrl+k')
        await desk.write('Deutsch')
        await desk.press('Return')
        await desk.see('Start', 'nav')
      }
      await desk.resize(1024, 640)
      const rooms = new Rooms(desk, when, words, seen)
      await rooms.roles()
      await rooms.accounts(accounts)
      await rooms.messages()
      await rooms.serviceUsers()
    })
})

type Account = { id: string; handle: string }

/** furnish gives the practice data what these rooms are for: messages that wait and were not sent, notices, a service user. */
async function furnish(home: Home): Promise<Account[]> {
  const run = (...args: string[]) => command(home, ...args)
  await run('settings', 'update', '--public-url', 'https://gate.harbour-domains.example')
  await run(
    ...['delivery', 'update-mail', '--host', '127.0.0.1', '--port', '1', '--security', 'none'],
    ...['--from', 'gate@harbour-domains.example'],
  )
  const { entities: users } = JSON.parse(await run('users', 'list', '--json')) as {
    entities: { id: string; login: string }[]
  }
  const { entities: roles } = JSON.parse(await run('roles', 'list', '--json')) as {
    entities: { id: string; name: string }[]
  }
  const tech = roles.find(({ name }) => name === 'Tech')!.id
  const tom = users.find(({ login }) => login === 'tom')!.id
  await run(
    ...['users', 'add', '--name', 'Maximiliane von Hohenstein-Oberlerchenfeld', '--login', 'maximiliane'],
    ...['--email', 'maximiliane.von-hohenstein@harbour-domains.example', '--language', 'de', '--roles', tech],
  )
  await run(
    'users',
    'update',
    tom,
    '--mobile',
    '+32 470 11 22 33',
    '--email',
    'tom.w@harbour-domains.example',
  )
  await run(
    ...['service-users', 'add', '--name', 'Nightly zone export', '--login', 'zone-export', '--owner', tom],
    ...['--purpose', 'Writes the zones of all customers to the backup every night.'],
    ...['--roles', tech, '--expires-on', new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10)],
  )
  return (JSON.parse(await run('accounts', 'list', '--json')) as { entities: Account[] }).entities
}

class Rooms {
  readonly #desk: Desk
  readonly #when: string
  readonly #words: Words
  readonly #sizes: readonly [Size, Size]

  constructor(desk: Desk, when: string, words: Words, seen: readonly [Size, Size]) {
    this.#sizes = seen
    this.#desk = desk
    this.#when = when
    this.#words = words
  }

  async roles(): Promise<void> {
    const desk = this.#desk
    await this.#go('/roles')
    await desk.see('Registrations', 'main')
    await this.#look('roles')
    await desk.click({ css: 'main button', text: this.#words.createRole })
    await this.#look('role-new')
    await this.#leave()
    // A role that somebody has gets a permission, and the bar tells whom that affects.
    await desk.click('main table [role=checkbox][aria-checked=false]:not([aria-disabled=true])')
    await desk.see(this.#words.affects, 'main')
    await this.#look('roles-changed')
    await desk.click({ css: 'main button', text: this.#words.discard })
    await desk.click({ css: 'dialog button', text: this.#words.discard })
  }

  async accounts(all: Account[]): Promise<void> {
    const desk = this.#desk
    const of = (wanted: string) => `/accounts/${all.find(({ handle }) => handle === wanted)!.id}`
    await this.#go('/accounts')
    await desk.see('Kelder Hosting', 'main')
    await this.#look('accounts')
    await desk.click({ css: 'main button', text: this.#words.openAccount })
    await desk.click({ css: 'dialog button', text: this.#words.next })
    await this.#look('accounts-open-1')
    await desk.fill('dialog [name=name]', 'Marsh & Moor')
    await desk.fill('dialog [name=handle]', 'marsh')
    await desk.fill('dialog [name=email]', 'office@marsh.example')
    await desk.press('Return')
    await desk.see(this.#words.next, 'dialog')
    await this.#look('accounts-open-2')
    await desk.click({ css: 'dialog button', text: this.#words.next })
    await this.#look('accounts-open-3')
    await this.#leave()

    await this.#go(of('harbour'))
    await desk.see(this.#words.byConsole, 'main')
    await this.#look('account-own')
    await this.#go(of('kelder-hosting'))
    await desk.see('Lotte Kelder', 'main')
    await this.#look('account')
    for (const act of ['update', 'handOver'] as const) {
      await desk.click({ css: 'main button', text: this.#words[act] })
      await this.#look(`account-${act}`)
      await this.#leave()
    }
  }

  async messages(): Promise<void> {
    const desk = this.#desk
    await this.#go('/settings/address')
    await desk.see('gatehouse serve', 'main')
    await this.#look('address')
    await this.#go('/settings/delivery')
    await desk.see('SMS', 'main')
    await this.#look('delivery')
    await this.#go('/settings/templates')
    await desk.click({ css: 'main button', text: this.#words.preview })
    await desk.see('gate.', '[role=status]')
    await this.#look('templates')
    await this.#go('/settings/outbox')
    await desk.see(this.#words.kept, 'main')
    await this.#look('outbox')
    await this.#go('/profile/notices')
    await desk.see(this.#words.redirected, 'main')
    await this.#look('notices')
  }

  async serviceUsers(): Promise<void> {
    const desk = this.#desk
    await this.#go('/users?kind=service')
    await desk.see('Nightly zone export', 'main')
    await this.#look('service-users')
    await desk.click({ css: 'main button', text: this.#words.addService })
    await this.#look('service-user-new')
    await this.#leave()
    await desk.click({ css: 'tbody button', text: 'Nightly zone export' })
    await desk.click({ css: 'main a', text: this.#words.openUser })
    await desk.see('Nightly zone export', 'main h1')
    await this.#look('service-user')
  }

  async #go(path: string): Promise<void> {
    await this.#desk.evaluate((to) => void (location.hash = to), path)
  }

  /** A dialog in which nothing was typed closes at once; else it asks. */
  async #leave(): Promise<void> {
    const open = () => this.#desk.evaluate(() => find('dialog[open]') !== undefined)
    await this.#desk.press('Escape')
    if (!(await open())) return
    await this.#desk.click({ css: 'dialog button', text: this.#words.discard })
    await until('the dialog to be gone', async () => !(await open()))
  }

  /** axe looks once; the other size is for what is cut off or pushed sideways. */
  async #look(name: string): Promise<void> {
    const [own, other] = this.#sizes
    await this.#resize(other)
    await fits(this.#desk, `${this.#when}-${name}-${other}`)
    await this.#resize(own)
    await look(this.#desk, `${this.#when}-${name}-${own}`)
  }

  async #resize(size: Size): Promise<void> {
    const [width, height] = sizes[size]
    await this.#desk.resize(width, height)
  }
}
