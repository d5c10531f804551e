import { expect, test } from 'vitest'
import { pageOf } from '../testing/server'
import { PagedList } from './paged.svelte'
import { Problem } from './problem'

interface Row {
  id: string
  name?: string
}
const rows = (...ids: string[]) => ids.map((id): Row => ({ id }))
const idsOf = (list: PagedList<Row, string>) => list.rows.map(({ id }) => id).join('')

test('an answer that was overtaken by a newer question is dropped', async () => {
  const answers: ((page: ReturnType<typeof pageOf<Row>>) => void)[] = []
  const list = new PagedList<Row, string>(() => new Promise((resolve) => answers.push(resolve)))
  const first = list.load('a')
  const second = list.load('ab')
  answers[1]?.(pageOf(rows('x')))
  await second
  answers[0]?.(pageOf(rows('a', 'b', 'c')))
  await first
  expect(idsOf(list)).toBe('x')
  expect(list.loading).toBe(false)
})

test('the next page is asked for once, uncounted, and no row is there twice', async () => {
  const asked: object[] = []
  const list = new PagedList<Row, string>((filter, part) => {
    asked.push({ filter, ...part })
    return Promise.resolve(
      part.cursor ? pageOf(rows('b', 'c'), { total: -1 }) : pageOf(rows('a', 'b'), { total: 3, nextCursor: 'after b' }),
    )
  })
  await list.load('q')
  await Promise.all([list.more(), list.more()])
  await list.more()
  expect(idsOf(list)).toBe('abc')
  expect(list.total).toBe(3)
  expect(asked).toEqual([
    { filter: 'q', limit: 100 },
    { filter: 'q', limit: 100, cursor: 'after b', total: false },
  ])
})

test('what is there stays when the server fails, and the problem is told', async () => {
  let fails = false
  const list = new PagedList<Row, string>(() =>
    fails ? Promise.reject(new Problem({ code: 'unavailable' })) : Promise.resolve(pageOf(rows('a'))),
  )
  await list.load('')
  fails = true
  await list.again()
  expect(idsOf(list)).toBe('a')
  expect(list.problem?.code).toBe('unavailable')
  fails = false
  await list.again()
  expect(list.problem).toBeUndefined()
})

test('a row that is taken out while a page is under way does not come back with it', async () => {
  let all = rows('a', 'b')
  const list = new PagedList<Row, string>(() => Promise.resolve(pageOf(all)))
  await list.load('')
  const reload = list.load('')
  all = rows('b')
  list.remove('a')
  await reload
  await expect.poll(() => idsOf(list)).toBe('b')
})

test('a page without rows that is not the end says so, and the next one is asked for', async () => {
  const pages = [
    pageOf<Row>([], { nextCursor: 'after 20,000' }),
    pageOf<Row>([], { nextCursor: 'after 40,000' }),
    pageOf(rows('a')),
  ]
  const cursors: (string | undefined)[] = []
  const list = new PagedList<Row, string>((_, { cursor }) => {
    cursors.push(cursor)
    return Promise.resolve(pages.shift() ?? pageOf<Row>([]))
  })
  await list.load('rare')
  expect([idsOf(list), list.stalled]).toEqual(['', true])
  await list.more()
  expect([idsOf(list), list.stalled]).toEqual(['', true])
  await list.more()
  expect([idsOf(list), list.stalled]).toEqual(['a', false])
  await list.more()
  expect(cursors).toEqual([undefined, 'after 20,000', 'after 40,000'])
})
