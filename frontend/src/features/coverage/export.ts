/** What a program that opens tables could take for a formula begins with one of these. */
const formula = /^[=+\-@\t\r]/

/** A cell of a CSV file: never a formula, and quoted where it has to be (RFC 4180). */
export function cell(value: string | number | boolean | null): string {
  const text = value === null ? '' : String(value)
  const safe = typeof value === 'string' && formula.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export type Line = Record<string, string | number | boolean | null>

/** Lines as CSV, with the names of the fields on top. The mark in front tells tables that it is UTF-8. */
export function csv(fields: readonly string[], lines: readonly Line[]): string {
  const rows = [fields.join(','), ...lines.map((line) => fields.map((field) => cell(line[field] ?? null)).join(','))]
  return `\uFEFF${rows.join('\r\n')}\r\n`
}

interface Page<Row> {
  entities: readonly Row[]
  pagination: { nextCursor: string }
}

/** Asks for page after page until there are no more, or somebody stopped it: undefined then. */
export async function everything<Row>(
  ask: (part: { limit: number; total: false; cursor?: string }) => Promise<Page<Row>>,
  going: (lines: number) => boolean,
): Promise<Row[] | undefined> {
  const all: Row[] = []
  let cursor = ''
  do {
    const page = await ask({ limit: 200, total: false, ...(cursor ? { cursor } : {}) })
    all.push(...page.entities)
    cursor = page.pagination.nextCursor
    if (!going(all.length)) return undefined
  } while (cursor)
  return all
}
