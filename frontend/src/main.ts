import './features/activation/secret.svelte'
import './app.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { expect } from './features/frame/screens'
import { start } from './features/session/session.svelte'
import { preferredLanguage, setLanguage } from './messages/index.svelte'
import { route } from './router.svelte'
import './ui/theme.svelte'

const target = document.getElementById('app')
if (!target) throw new Error('The page has no place for the app.')

const asked = start()
expect(route().path)
await setLanguage(preferredLanguage())
mount(App, { target })
await asked
