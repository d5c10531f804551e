import { isUnsaved, leave } from './leaving.svelte'

/** Hash routes: `#/users?q=anna` is the path `/users` with a parameter. The server never sees them. */

export interface Route {
  path: string
  params: URLSearchParams
}

/** The page this build has no link for yet stands at its own address all the same. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2)
  return { path: path.startsWith('/') ? path : '/', params: new URLSearchParams(query) }
}

/** The address of a path with these parameters; empty ones are left out. */
export function href(path: string, params: Record<string, string | undefined> = {}): string {
  const query = new URLSearchParams(Object.entries(params).filter((pair): pair is [string, string] => Boolean(pair[1])))
  return query.size > 0 ? `#${path}?${query}` : `#${path}`
}

let shown = location.hash
let current = $state.raw(parseRoute(shown))

/** Follows the address; the event that our own steps cause comes late, and finds us there. */
function follow(hash: string) {
  if (hash === shown) return
  shown = hash
  current = parseRoute(hash)
}

export const route = () => current

let pageAt = (path: string) => path

/** Says which page a path shows, where that depends on more than the path. */
export function showPagesBy(resolve: (path: string) => string) {
  pageAt = resolve
}

/** True when an address shows the page that is shown already, so that nothing is left by going there. */
const staysHere = (to: string) => pageAt(parseRoute(to).path) === pageAt(current.path)

/** Goes to an address without asking: for steps that are not the person's own. */
export function goAtOnce(to: string) {
  if (location.hash !== to) location.hash = to
  follow(to)
}

/** Goes to an address made by {@link href}; to another page only when the person may lose what is unsaved here. */
export function go(to: string) {
  if (staysHere(to)) goAtOnce(to)
  else leave(() => goAtOnce(to))
}

/** Changes the address without a step in the history: for filters while one types, and to hide a token. */
export function replace(to: string) {
  history.replaceState(history.state, '', to)
  follow(to)
}

// The browser's own buttons: the address has changed already, so it is put back while the person is asked.
window.addEventListener('hashchange', () => {
  const to = location.hash
  if (to === shown) return
  if (staysHere(to) || !isUnsaved()) return follow(to)
  history.pushState(null, '', shown)
  go(to)
})

/** Takes plain clicks on links within the app, so that they are asked about before the address changes. */
export function followLink(event: MouseEvent) {
  if (event.defaultPrevented || event.button !== 0) return
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  const link = event.target instanceof Element ? event.target.closest('a') : null
  const to = link?.getAttribute('href')
  if (!to?.startsWith('#/')) return
  event.preventDefault()
  go(to)
}
