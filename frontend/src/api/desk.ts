/** What the desktop window does for the page, and how a browser does the same without it. */

const desk = () => window.go?.app?.Desk

export const inWindow = () => window.go?.app !== undefined

/** Lets the person save `text` as a file; false when they cancelled the dialog, rejects when it could not be written. */
export async function saveText(name: string, text: string): Promise<boolean> {
  const bound = desk()
  if (bound) return bound.SaveText(name, text)

  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
  return true
}

/** Opens an address outside the app, in the system's browser. */
export async function openLink(url: string): Promise<void> {
  const bound = desk()
  if (bound) await bound.OpenLink(url)
  else window.open(url, '_blank', 'noopener,noreferrer')
}

/** Puts `text` on the clipboard; false when the system would not have it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    if (window.runtime?.ClipboardSetText) return await window.runtime.ClipboardSetText(text)
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyBySelection(text)
  }
}

// Plain http and older webviews have no clipboard object; selecting and copying still works there.
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.setAttribute('readonly', '')
  area.className = 'fixed top-0 left-0 opacity-0'
  const host = document.querySelector('dialog[open]') ?? document.body
  const focused = document.activeElement
  host.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  if (focused instanceof HTMLElement) focused.focus()
  return done
}

/** Prints nothing but these lines, as text, under a heading. */
export function printText(heading: string, lines: readonly string[], note: string) {
  const sheet = document.createElement('section')
  sheet.className = 'print-sheet'
  const title = sheet.appendChild(document.createElement('h1'))
  title.textContent = heading
  const hint = sheet.appendChild(document.createElement('p'))
  hint.textContent = note
  const block = sheet.appendChild(document.createElement('pre'))
  block.textContent = lines.join('\n')
  document.body.append(sheet)
  window.addEventListener('afterprint', () => sheet.remove(), { once: true })
  window.print()
}
