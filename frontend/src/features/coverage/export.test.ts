import { expect, test } from 'vitest'
import { cell, csv, everything } from './export'

test.each([
  ['=1+1', "'=1+1"],
  ['+32 470', "'+32 470"],
  ['-2', "'-2"],
  ['@sum', "'@sum"],
  ['\t=1', "'\t=1"],
  ['\r=1', '"\'\r=1"'],
  ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
  ['Anna "A" Peeters', '"Anna ""A"" Peeters"'],
  ['a,b', '"a,b"'],
  ['two\nlines', '"two\nlines"'],
  ['<b>Anna</b>', '<b>Anna</b>'],
  [null, ''],
  [-3, '-3'],
  [true, 'true'],
])('a cell with %j is %j', (value, want) => expect(cell(value)).toBe(want))

test('lines stand under the names of their fields', () =>
  expect(csv(['name', 'codes'], [{ name: '=x', codes: 3 }, { name: 'b' }])).toBe("\uFEFFname,codes\r\n'=x,3\r\nb,\r\n"))

test('every page is asked for, until there are no more', async () => {
  const asked: unknown[] = []
  const lines = await everything(
    (part) => {
      asked.push(part.cursor)
      return Promise.resolve({ entities: [asked.length], pagination: { nextCursor: asked.length < 3 ? 'more' : '' } })
    },
    () => true,
  )
  expect(lines).toEqual([1, 2, 3])
  expect(asked).toEqual([undefined, 'more', 'more'])
})

test('whoever stops it gets nothing', async () => {
  let asked = 0
  const page = () => Promise.resolve({ entities: [++asked], pagination: { nextCursor: 'more' } })
  expect(await everything(page, (lines) => lines < 2)).toBeUndefined()
  expect(asked).toBe(2)
})
