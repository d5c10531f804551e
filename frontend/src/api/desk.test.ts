import { afterEach, expect, test, vi } from 'vitest'
import { saveText } from './desk'

afterEach(() => delete window.go)

test.each([true, false])('saving in the window tells whether the person saved: %s', async (answer) => {
  const SaveText = vi.fn(async () => answer)
  window.go = { app: { Desk: { SaveText, OpenLink: vi.fn() } } }
  expect(await saveText('codes.txt', 'ABCD')).toBe(answer)
  expect(SaveText).toHaveBeenCalledWith('codes.txt', 'ABCD')
})

test('a file that cannot be written is not taken for a saved one', async () => {
  const SaveText = () => Promise.reject(new Error('save the file: no space left on device'))
  window.go = { app: { Desk: { SaveText, OpenLink: vi.fn() } } }
  await expect(saveText('codes.txt', 'ABCD')).rejects.toThrow('no space')
})
