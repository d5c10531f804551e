import './features/activation/secret.svelte'
import './app.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { place } from './features/frame/place.svelte'
import { start } from './features/session/session.svelte'
import { preferredLanguage, setLanguage } from './messages/index.svelte'
import './ui/theme.svelte'

/** No await outside of it: what is loaded later imports from this file, and would wait for it for ever. */
async function begin() {
  const target = document.getElementById('app')
  if (!target) throw new Error('The page has no place for the app.')
  const asked = start()
  // The screen loads while the server is still being asked who is there.
  place()
    .route.screen()
    .catch(() => undefined)
  await setLanguage(preferredLanguage())
  mount(App, { target })
  await asked
}
void begin()
