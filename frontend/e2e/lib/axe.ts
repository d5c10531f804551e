// axe-core: the faults of a page that make it hard or impossible to use for
// people who do not see, hear, point or read as its makers do.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

/** Faults as axe names them, with the elements that have them. */
export type Fault = { rule: string; help: string; elements: string[] }

/** The rules asked for: WCAG 2.2, levels A and AA. */
export const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** axeSource is the library as a script. */
export async function axeSource(): Promise<string> {
  return readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
}

/** axeInPage runs in the page, where the library has been loaded. */
export async function axeInPage(tags: string[]): Promise<Fault[]> {
  type Node = { target: unknown[]; failureSummary?: string }
  type Axe = {
    run(
      context: Document,
      options: object,
    ): Promise<{ violations: { id: string; help: string; nodes: Node[] }[] }>
  }
  const axe = (window as unknown as { axe: Axe }).axe
  const { violations } = await axe.run(document, {
    runOnly: { type: 'tag', values: tags },
    resultTypes: ['violations'],
  })
  return violations.map(({ id, help, nodes }) => ({
    rule: id,
    help,
    elements: nodes.map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary ?? ''}`),
  }))
}
