/**
 * The activation token arrives in the fragment of the address. It is taken out
 * the moment this module loads, before anything else of the app runs, so that it
 * stays neither in the address bar nor in the history. It lives in memory only.
 */

let secret = $state('')

function take() {
  const [path, query = ''] = location.hash.split('?', 2)
  if (path !== '#/activate') return
  const token = new URLSearchParams(query).get('t')
  if (token === null) return
  secret = token
  history.replaceState(null, '', '#/activate')
}

take()
window.addEventListener('hashchange', take)

/** The token of the link that was opened, until {@link forgetSecret}; empty without one. */
export const linkSecret = () => secret
export function forgetSecret() {
  secret = ''
}
