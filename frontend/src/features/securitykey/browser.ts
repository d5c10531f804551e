import type { BoundSecurityKeys } from '../../api/window'
import { language } from '../../messages/index.svelte'
import { newCeremony } from './native'
import { failureOfBrowser, outcomeOf } from './outcome'
import { KeyError, type Ask, type KeyAnswer, type KeyStep, type KeyWay } from './way'

// The system's browser asks the key in place of the window, on a page that the Desk
// serves on loopback for this one ceremony.

/** The way by the browser; undefined where there is no Desk, or where the page asks keys itself. */
export function browserWay(): KeyWay | undefined {
  const bound = window.go?.app?.SecurityKeys
  if (!bound || typeof PublicKeyCredential === 'function') return undefined
  const way = (kind: 'create' | 'get') => (ask: Ask, tell: (step: KeyStep) => void, signal: AbortSignal) =>
    run(bound, { kind, ask, tell, signal })
  return { name: 'browser', create: way('create'), get: way('get') }
}

interface Parts {
  kind: 'create' | 'get'
  ask: Ask
  tell: (step: KeyStep) => void
  signal: AbortSignal
}

async function run(bound: BoundSecurityKeys, { kind, ask, tell, signal }: Parts): Promise<KeyAnswer> {
  const ceremony = newCeremony()
  const cancel = () => void bound.Cancel({ ceremony })
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const page = await bound.OpenPage({ ceremony, language: language() })
    const options = await ask(page.port)
    if (signal.aborted) throw new KeyError('cancelled')
    tell({ at: 'browser', address: page.address })
    return outcomeOf(await bound.AskBrowser({ ceremony, kind, options }), failureOfBrowser)
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}
