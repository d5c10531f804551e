// One ceremony with a security key, for the Gatehouse window that opened this
// page. All texts are in the page; this only chooses which of them shows.
'use strict'

const token = location.hash.slice(1)
// Not for the history of this browser: the address is used up by the first click.
history.replaceState(null, '', '/')

const byId = (id) => document.getElementById(id)
const sections = [...document.querySelectorAll('section')]
const buttons = [...document.querySelectorAll('button')]
let ceremony
let over = false
let running

/** Shows one section, and the buttons that go with it. */
function show(section, ...shown) {
  for (const s of sections) s.hidden = s.id !== section
  for (const b of buttons) b.hidden = !shown.includes(b.id)
  if (shown.length > 0) byId(shown[0]).focus()
}

function end(section) {
  over = true
  running?.abort()
  show(section)
}

const post = (path, body) =>
  fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    credentials: 'omit',
    redirect: 'error',
  })

/** Tells the window what came of it, and then the person. */
async function tell(what, section) {
  if (over) return
  over = true
  try {
    const answer = await post('/end', { reply: ceremony.reply, ...what })
    show(answer.ok ? section : 'over')
  } catch {
    show('over')
  }
}

/** Lets go of the key as soon as the window has. */
async function watch() {
  try {
    await post('/wait', { reply: ceremony.reply })
  } catch {
    // The page is gone, which is the same.
  }
  if (!over) end('over')
}

async function begin() {
  show('waiting')
  try {
    const answer = await post('/begin', { token })
    if (!answer.ok) return end('over')
    ceremony = await answer.json()
  } catch {
    return end('over')
  }
  void watch()
  await ask()
}

const asks = {
  create: (options, signal) =>
    navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
      signal,
    }),
  get: (options, signal) =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), signal }),
}

async function ask() {
  show('waiting', 'stop')
  running = new AbortController()
  let credential
  try {
    credential = await asks[ceremony.kind](ceremony.options, running.signal)
    if (credential === null) throw new DOMException('', 'NotAllowedError')
  } catch (error) {
    if (over) return
    switch (error.name) {
      case 'AbortError':
        return
      // Cancelled or too slow: browsers do not say which, and it may be tried again.
      case 'NotAllowedError':
        return show('again', 'retry', 'stop')
      case 'InvalidStateError':
        return tell({ failure: 'registered_already' }, 'registered')
      case 'SecurityError':
      case 'NotSupportedError':
        return tell({ failure: 'not_here' }, 'unable')
      default:
        return tell({ failure: 'failed' }, 'failed')
    }
  }
  await tell({ credential: credential.toJSON() }, 'done')
}

byId('go').addEventListener('click', () => void begin())
byId('retry').addEventListener('click', () => void ask())
byId('stop').addEventListener('click', () => {
  running?.abort()
  void tell({ failure: 'cancelled' }, 'cancelled')
})

if (typeof window.PublicKeyCredential?.parseCreationOptionsFromJSON !== 'function') show('unable')
else if (token === '') show('over')
