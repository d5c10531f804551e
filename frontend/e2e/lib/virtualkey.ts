// A security key without hardware: Chromium's own virtual authenticator, over the DevTools protocol.

import type { CDPSession, Page } from '@playwright/test'

/** VirtualKey is one key in one page. It is touched at once, unless it is told not to be. */
export class VirtualKey {
  readonly #session: CDPSession
  #id: string

  private constructor(session: CDPSession, id: string) {
    this.#session = session
    this.#id = id
  }

  /** plug inserts a new key that knows its user, as by a PIN. */
  static async plug(page: Page): Promise<VirtualKey> {
    const session = await page.context().newCDPSession(page)
    await session.send('WebAuthn.enable')
    return new VirtualKey(session, await add(session))
  }

  /** touched says whether somebody touches it when it asks. */
  async touched(yes: boolean): Promise<void> {
    await this.#session.send('WebAuthn.setAutomaticPresenceSimulation', {
      authenticatorId: this.#id,
      enabled: yes,
    })
  }

  /** unplug pulls it out, and returns how to insert it again with everything on it. */
  async unplug(): Promise<() => Promise<void>> {
    const authenticatorId = this.#id
    const { credentials } = await this.#session.send('WebAuthn.getCredentials', { authenticatorId })
    await this.#session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
    return async () => {
      this.#id = await add(this.#session)
      for (const credential of credentials)
        await this.#session.send('WebAuthn.addCredential', { authenticatorId: this.#id, credential })
    }
  }

  /** setCounter makes it a copy that was taken when its counter stood there. */
  async setCounter(signCount: number): Promise<void> {
    const authenticatorId = this.#id
    const { credentials } = await this.#session.send('WebAuthn.getCredentials', { authenticatorId })
    await this.#session.send('WebAuthn.clearCredentials', { authenticatorId })
    for (const credential of credentials)
      await this.#session.send('WebAuthn.addCredential', {
        authenticatorId,
        credential: { ...credential, signCount },
      })
  }
}

async function add(session: CDPSession): Promise<string> {
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'usb',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return authenticatorId
}
