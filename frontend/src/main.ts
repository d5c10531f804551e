import './features/activation/secret.svelte'
import './app.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { start } from './features/session/session.svelte'
import { preferredLanguage, setLanguage } from './messages/index.svelte'
import './ui/theme.svelte'

const target = document.getElementById('app')
if (!target) throw new Error('The page has no place for the app.')

const asked = start()
await setLanguage(preferredLanguage())
mount(App, { target })
await asked
