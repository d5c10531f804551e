// A browser as a hand: Chromium by Playwright.

import type { ElementHandle, Page } from '@playwright/test'
import { axeInPage, axeSource, wcag, type Fault } from './axe.ts'
import { find, name, type Where } from './find.ts'
import type { Hand } from './hand.ts'
import { picturePath } from './place.ts'
import { patience, until } from './wait.ts'

const keyNames: Record<string, string> = { Return: 'Enter', ctrl: 'Control', alt: 'Alt', shift: 'Shift' }

export class Browser implements Hand {
  readonly page: Page
  readonly complaints: { text: string }[] = []
  readonly #pictures: string

  /** pictures begins the names of the pictures. */
  constructor(page: Page, pictures = '') {
    this.page = page
    this.#pictures = pictures
    page.setDefaultTimeout(patience)
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        // An answer other than 2xx is in the console of every browser; whether it was right is not for it to say.
        if (!message.text().startsWith('Failed to load resource'))
          this.complaints.push({ text: message.text() })
    })
    page.on('pageerror', (error) => this.complaints.push({ text: String(error) }))
  }

  async open(address: string): Promise<void> {
    await this.page.goto(address)
  }

  async click(where: Where): Promise<void> {
    await this.#element(where).then((element) => element.click())
  }

  async fill(where: Where, text: string): Promise<void> {
    const element = await this.#element(where)
    await element.click()
    await this.press('ctrl+a', 'Delete')
    await this.write(text)
    await until(`${name(where)} to hold what was written`, () =>
      this.evaluate(
        (found, want) => (find(found) as HTMLInputElement | undefined)?.value === want,
        where,
        text,
      ),
    )
  }

  async write(text: string): Promise<void> {
    await this.page.keyboard.type(text)
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys)
      await this.page.keyboard.press(
        key
          .split('+')
          .map((part) => keyNames[part] ?? part)
          .join('+'),
      )
  }

  async see(text: string | RegExp, where: Where = 'body'): Promise<void> {
    await until(`"${text}" in ${name(where)}`, async () => {
      const last = await this.text(where)
      if (last === undefined) return false
      if (typeof text === 'string' ? last.includes(text) : text.test(last)) return true
      throw new Error(`it shows "${last.slice(0, 500)}"`)
    })
  }

  async text(where: Where): Promise<string | undefined> {
    return this.evaluate((found) => find(found)?.innerText, where)
  }

  async evaluate<A extends unknown[], T>(code: (...args: A) => T | Promise<T>, ...args: A): Promise<T> {
    const source = `((find) => ${code.toString()})(${find.toString()})(...${JSON.stringify(args)})`
    return this.page.evaluate<T>(source)
  }

  async resize(width: number, height: number): Promise<void> {
    await this.page.setViewportSize({ width, height })
  }

  async faults(): Promise<Fault[]> {
    if (!(await this.evaluate(() => 'axe' in window))) await this.page.evaluate(`${await axeSource()};0`)
    return this.evaluate(axeInPage, wcag)
  }

  async picture(title: string): Promise<void> {
    await this.page.screenshot({ path: picturePath(this.#pictures + title), animations: 'disabled' })
  }

  async #element(where: Where) {
    const handle = await until(`${name(where)} to be there`, async () => {
      const found = await this.page.evaluateHandle<HTMLElement | undefined>(
        `(${find.toString()})(${JSON.stringify(where)})`,
      )
      return found.asElement()
    })
    return handle as ElementHandle<HTMLElement>
  }
}
