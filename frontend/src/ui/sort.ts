/** Orders as the server takes them: a name, or `-` and a name for the other way round. */

const bare = (order: string) => order.replace(/^-/, '')

/** The same order the other way round. */
export const flipped = (order: string) => (order.startsWith('-') ? bare(order) : `-${order}`)

/** How a column stands while a list has this order, in the words of aria-sort. */
export function sortOf(order: string, column: string): 'none' | 'ascending' | 'descending' {
  if (bare(order) !== bare(column)) return 'none'
  return order.startsWith('-') ? 'descending' : 'ascending'
}
