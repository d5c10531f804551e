import type { BoundSecurityKeys, NativeStep } from '../../api/window'
import { failureOfNative, outcomeOf } from './outcome'
import { KeyError, type Ask, type KeyAnswer, type KeyStep, type KeyWay } from './way'

// The Desk asks the key through USB, where its webview cannot: WebKitGTK has no
// navigator.credentials, and WKWebView keeps them from programs without a domain.

/** The event by which the Desk tells where a ceremony is (app/securitykeys.go). */
const stepEvent = 'securitykey:step'

/** Names a ceremony, so that what is said late is not taken for the next. */
export const newCeremony = () => crypto.randomUUID()

/** The way through USB; undefined where there is no Desk, or where the page asks keys itself. */
export function nativeWay(): KeyWay | undefined {
  const bound = window.go?.app?.SecurityKeys
  const on = window.runtime?.EventsOn
  if (!bound || !on || typeof PublicKeyCredential === 'function') return undefined
  const way = (kind: 'create' | 'get') => (ask: Ask, tell: (step: KeyStep) => void, signal: AbortSignal) =>
    run(bound, on, { kind, ask, tell, signal })
  return { name: 'native', create: way('create'), get: way('get') }
}

interface Parts {
  kind: 'create' | 'get'
  ask: Ask
  tell: (step: KeyStep) => void
  signal: AbortSignal
}

async function run(
  bound: BoundSecurityKeys,
  on: (event: string, listen: (step: NativeStep) => void) => () => void,
  { kind, ask, tell, signal }: Parts,
): Promise<KeyAnswer> {
  const ceremony = newCeremony()
  // Before a challenge is used up: is there anybody to ask?
  if (!(await bound.Devices({})).inBuild) throw new KeyError('not_here')
  const options = await ask()
  if (signal.aborted) throw new KeyError('cancelled')
  const off = on(stepEvent, (step) => {
    if (step.ceremony !== ceremony || signal.aborted) return
    const shown = stepOf(step, bound, ceremony)
    if (shown) tell(shown)
  })
  const cancel = () => void bound.Cancel({ ceremony })
  signal.addEventListener('abort', cancel, { once: true })
  try {
    return outcomeOf(await bound.Ask({ ceremony, kind, options }), failureOfNative)
  } finally {
    off()
    signal.removeEventListener('abort', cancel)
  }
}

/** What a step of the Desk is to a person; undefined when it is nothing to tell. */
function stepOf(step: NativeStep, bound: BoundSecurityKeys, ceremony: string): KeyStep | undefined {
  switch (step.step) {
    case 'plug_in':
    case 'choose':
      return { at: step.step }
    case 'touch':
      return { at: 'touch', again: step.again }
    case 'pin':
      return {
        at: 'pin',
        tries: step.tries,
        wrong: step.wrong,
        unfit: step.unfit,
        enter: (pin) => void bound.EnterPIN({ ceremony, pin }),
      }
    case 'account':
      return { at: 'account', accounts: step.accounts, pick: (index) => void bound.Pick({ ceremony, index }) }
    case 'found':
      return undefined
  }
}
