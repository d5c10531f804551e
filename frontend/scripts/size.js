// Builds in memory, measures what a first visit loads, and fails when a bar is broken.
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

const bars = { first: 90_000, screen: 15_000, language: 12_000 }

const { output } = await build({ logLevel: 'silent', build: { write: false } })
const byName = new Map(output.map((file) => [file.fileName, file]))
const weigh = (content) => gzipSync(content, { level: 9 }).length

/** A chunk with everything it imports statically, and its style sheets. */
function closure(name, seen = new Set()) {
  if (seen.has(name)) return seen
  seen.add(name)
  const chunk = byName.get(name)
  for (const css of chunk.viteMetadata?.importedCss ?? []) seen.add(css)
  for (const next of chunk.imports ?? []) closure(next, seen)
  return seen
}
const weight = (names) =>
  [...names].reduce((sum, name) => sum + weigh(byName.get(name).code ?? byName.get(name).source), 0)

const html = output.find((file) => file.fileName === 'index.html').source
const first = closure(/<script [^>]*src="\/([^"]+)"/.exec(html)[1])
const rows = [['first load', weight(first), bars.first]]
for (const file of output) {
  if (file.type !== 'chunk' || !file.isDynamicEntry) continue
  const extra = [...closure(file.fileName)].filter((name) => !first.has(name))
  const words = /messages\/(\w+\/\w+)\.ts$/.exec(file.facadeModuleId ?? '')?.[1]
  rows.push([words ? `words ${words}` : `screen ${file.name}`, weight(extra), words ? bars.language : bars.screen])
}

let broken = false
for (const [name, bytes, bar] of rows) {
  const over = bytes > bar
  broken ||= over
  console.log(
    `${over ? 'OVER ' : 'ok   '}${name.padEnd(24)}${(bytes / 1000).toFixed(1).padStart(7)} KB of ${bar / 1000}`,
  )
}
const fonts = output.filter((file) => file.fileName.endsWith('.woff2'))
console.log(
  `     fonts (not counted)     ${(fonts.reduce((sum, file) => sum + file.source.length, 0) / 1000).toFixed(1).padStart(6)} KB`,
)
process.exit(broken ? 1 : 0)
