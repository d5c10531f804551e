import { describe, expect, test } from 'vitest'
import { routes } from '../features/frame/routes'
import { ways } from '../features/session/ways'

const sources = import.meta.glob<string>('../**/*.{svelte,ts}', { query: '?raw', import: 'default', eager: true })
const english = import.meta.glob<Record<string, unknown>>('./en/*.ts', { import: 'default', eager: true })

const partOf = new Map<string, string>()
for (const [path, messages] of Object.entries(english)) {
  for (const key of Object.keys(messages)) partOf.set(key, path.slice('./en/'.length, -'.ts'.length))
}

/** The file that an import names, as a key of `sources`. */
function resolve(from: string, wanted: string): string | undefined {
  const path = new URL(wanted, `file:///src/messages/${from}`).pathname
    .replace('/src/', '../')
    .replace('../messages/', './')
  return [path, `${path}.ts`, `${path}.svelte.ts`, `${path}/index.ts`].find((name) => name in sources)
}

/** What a file loads together with the words that it speaks with, as a route does. */
const withWords = /import\('(\.[^']+)'\), words\(([^)]*)\)/g

/** Everything a file is made of, also what it loads later, but for what brings its own words. */
function closure(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen
  seen.add(entry)
  const source = (sources[entry] ?? '').replaceAll(withWords, '')
  for (const [, wanted] of source.matchAll(/(?:from |import\()'(\.[^']+)'/g)) {
    const next = wanted && resolve(entry, wanted)
    if (next && !next.startsWith('./') && !next.endsWith('/routes.ts') && !next.endsWith('/ways.ts'))
      closure(next, seen)
  }
  return seen
}

/** Keys written out, and keys begun with; names of operations and commands look the same and are none. */
const literal = /(?<!call\(|put<|id: )['`]([a-z][A-Za-z]*\.[\w.]*)(\$\{|['`])/g

/** The parts whose keys a file speaks of. */
function spoken(path: string): Set<string> {
  const parts = new Set<string>()
  if (path.endsWith('.gen.ts')) return parts
  for (const [, begun = '', end] of (sources[path] ?? '').matchAll(literal)) {
    for (const [key, part] of partOf) {
      if (end === '${' ? key.startsWith(begun) : key === begun) parts.add(part)
    }
  }
  return parts
}

const needed = (entry: string) => new Set([...closure(entry)].flatMap((path) => [...spoken(path)]))
/** Every screen and what its route, or the way out of a sign-in, declares, as they are written. */
const screens = ['../features/frame/routes.ts', '../features/session/ways.ts']
  .flatMap((file) => (sources[file] ?? '').split(/\bat\(/))
  .flatMap((route) => {
    const path = /import\('\.\.\/([^']+)'\)/.exec(route)?.[1]
    const declared = /words: \[([^\]]*)\]/.exec(route)?.[1] ?? ''
    return path ? [[`../features/${path}`, [...declared.matchAll(/'(\w+)'/g)].map(([, part]) => part)] as const] : []
  })

/** What is loaded with its words elsewhere than by a route, and those words. */
const others = Object.entries(sources).flatMap(([path, source]) =>
  [...(source ?? '').matchAll(withWords)].map(([, wanted = '', declared = '']) => {
    const from = path.replace('../', '/src/').replace('./', '/src/messages/')
    const entry = new URL(wanted, `file://${from}`).pathname.replace('/src/', '../')
    return [entry, [...declared.matchAll(/'(\w+)'/g)].map(([, part]) => part)] as const
  }),
)

test('the frame speaks with the words that are always there', () => {
  expect([...needed('../App.svelte')]).toEqual(['base'])
})

describe('every screen declares the parts of the catalogue that it speaks with', () => {
  test('every route is looked at', () => expect(screens).toHaveLength(routes.length + ways.length))
  test.each([...screens, ...others])('%s', (screen, declared) => {
    expect([...needed(screen)].filter((part) => part !== 'base').sort()).toEqual([...declared].sort())
  })
})
