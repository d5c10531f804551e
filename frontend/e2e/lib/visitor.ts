// Somebody in front of a browser, who hears every complaint of the page.

import type { Browser, BrowserContext, Page } from '@playwright/test'
import { expect } from '@playwright/test'
import { axeInPage, axeSource, wcag } from './axe.ts'
import { picturePath } from './place.ts'

export class Visitor {
  readonly page: Page
  readonly #context: BrowserContext
  readonly #complaints: string[] = []

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context
    this.page = page
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.#complaints.push(message.text())
    })
    page.on('response', (response) => {
      if (response.status() === 404) this.#complaints.push(`404 for ${response.url()}`)
    })
    page.on('pageerror', (error) => this.#complaints.push(error.message))
  }

  static async arrive(browser: Browser, url: string): Promise<Visitor> {
    // The policy is bypassed for axe only, in #faults; what the page does under
    // it is heard through its own violation events.
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
    })
    const page = await context.newPage()
    const visitor = new Visitor(context, page)
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)
      })
    })
    await page.goto(url)
    return visitor
  }

  /**
   * look checks a state of the page for every kind of reader and keeps a picture of each:
   * both themes, the smallest window, and one as narrow as a fourfold enlarged page.
   */
  async look(name: string): Promise<void> {
    for (const theme of ['light', 'dark'] as const) {
      await this.page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      await this.page.screenshot({ path: picturePath(`${name}-${theme}`), animations: 'disabled' })
      expect.soft(await this.#faults(), `${name}, ${theme}`).toEqual([])
    }
    await this.page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    await this.page.setViewportSize({ width: 1024, height: 640 })
    await this.page.screenshot({ path: picturePath(`${name}-small`), animations: 'disabled' })
    expect.soft(await this.#wider(), `${name}: nothing is wider than the window`).toEqual([])
    // 400 % zoom of a 1280 pixels wide window is a page of 320.
    await this.page.setViewportSize({ width: 320, height: 640 })
    await this.page.screenshot({ path: picturePath(`${name}-narrow`), animations: 'disabled' })
    expect.soft(await this.#wider(), `${name}: nothing is wider than a fourfold enlarged page`).toEqual([])
    await this.page.setViewportSize({ width: 1280, height: 800 })
  }

  /** leave closes the browser; nothing may have been complained about. */
  async leave(): Promise<void> {
    await this.#context.close()
    expect(this.#complaints, 'complaints of the page').toEqual([])
  }

  /** expectRefusal forgets what the browser says when a request is answered with a refusal on purpose. */
  forgetRefusals(): void {
    const rest = this.#complaints.filter((text) => !/Failed to load resource: .* status of 4\d\d/.test(text))
    this.#complaints.splice(0, this.#complaints.length, ...rest)
  }

  async #faults() {
    if (!(await this.page.evaluate(() => 'axe' in window))) {
      const session = await this.#context.newCDPSession(this.page)
      // Not detached: that would end the virtual security keys of the page, too.
      await session.send('Runtime.evaluate', { expression: await axeSource() })
    }
    return this.page.evaluate(axeInPage, wcag)
  }

  /** wider are the elements that stick out of the page, but for tables that scroll by themselves. */
  async #wider(): Promise<string[]> {
    return this.page.evaluate(() => {
      if (document.documentElement.scrollWidth <= innerWidth) return []
      return [...document.body.querySelectorAll<HTMLElement>('*')]
        .filter(
          (element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('table'),
        )
        .slice(0, 5)
        .map((element) => `${element.tagName} ${element.className}`)
    })
  }
}
