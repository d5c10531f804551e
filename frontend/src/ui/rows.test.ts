import { describe, expect, test } from 'vitest'
import { heightOf, visibleRows } from './rows'

const row = 50
const screen = 1000

describe('which rows are drawn', () => {
  test.each([
    ['at the top', 0, [0, 14]],
    ['in the middle', 5000, [96, 114]],
    ['at the end', 999 * row, [995, 1000]],
    ['past the end', 5000 * row, [1000, 1000]],
  ])('%s', (_, top, expected) => {
    expect(visibleRows({ top, height: 500, screen }, 1000, row)).toEqual(expected)
  })

  test('never more than the screen holds, however tall the area claims to be', () => {
    // WebKitGTK runs the script before the stylesheet: the area is as tall as its 100,000 rows.
    const [from, to] = visibleRows({ top: 0, height: 100_000 * row, screen }, 100_000, row)
    expect(to - from).toBeLessThanOrEqual(screen / row + 6)
  })

  test('at most 60 on a large screen', () => {
    const [from, to] = visibleRows({ top: 10_000, height: 1400, screen: 1440 }, 100_000, 52)
    expect(to - from).toBeLessThanOrEqual(60)
  })

  test.each([
    ['above the view', { index: 2, height: 400 }, 5400, [96, 114]],
    ['inside the view', { index: 100, height: 400 }, 5000, [96, 106]],
    ['below the view', { index: 500, height: 400 }, 5000, [96, 114]],
    ['filling the view', { index: 100, height: 4000 }, 6000, [96, 104]],
  ])('an open row %s moves those behind it', (_, open, top, expected) => {
    expect(visibleRows({ top, height: 500, screen }, 1000, row, open)).toEqual(expected)
  })

  test('nothing of nothing', () => {
    expect(visibleRows({ top: 0, height: 500, screen }, 0, row)).toEqual([0, 0])
  })
})

test('heights before, between and after add up to the whole, with and without an open row', () => {
  for (const open of [undefined, { index: 3, height: 333 }]) {
    const parts = heightOf(0, 2, row, open) + heightOf(2, 7, row, open) + heightOf(7, 10, row, open)
    expect(parts).toBe(heightOf(0, 10, row, open))
  }
})
