import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { answerLeaving, isLeaving, leaveGuard } from './leaving.svelte'
import { followLink, go, goAtOnce, href, replace, route } from './router.svelte'

let unsaved = true
let stop: () => unknown

beforeEach(() => {
  goAtOnce('#/users')
  unsaved = true
  stop = leaveGuard(() => unsaved)
})
afterEach(() => {
  stop()
  document.body.replaceChildren()
})

function click(address: string, more: MouseEventInit = {}) {
  const link = document.body.appendChild(document.createElement('a'))
  link.setAttribute('href', address)
  link.addEventListener('click', followLink)
  const event = new MouseEvent('click', { bubbles: true, cancelable: true, ...more })
  link.dispatchEvent(event)
  return event
}

describe('while something is unsaved', () => {
  test('another page waits for the answer', () => {
    go('#/activity')
    expect([route().path, location.hash, isLeaving()]).toEqual(['/users', '#/users', true])
    answerLeaving(false)
    expect([route().path, isLeaving()]).toEqual(['/users', false])

    go('#/activity')
    answerLeaving(true)
    expect([route().path, location.hash, isLeaving()]).toEqual(['/activity', '#/activity', false])
  })

  test('a link waits too, and one for a new window is left to the browser', () => {
    expect(click('#/activity').defaultPrevented).toBe(true)
    expect([route().path, isLeaving()]).toEqual(['/users', true])
    answerLeaving(false)
    expect(click('#/activity', { ctrlKey: true }).defaultPrevented).toBe(false)
    expect(click('https://example.com/').defaultPrevented).toBe(false)
  })

  test("the browser's own buttons are put back", async () => {
    location.hash = '#/activity'
    await expect.poll(isLeaving).toBe(true)
    expect([route().path, location.hash]).toEqual(['/users', '#/users'])
    answerLeaving(true)
    expect(route().path).toBe('/activity')
  })

  test('filters of the same page do not ask', () => {
    go(href('/users', { q: 'anna' }))
    replace(href('/users', { q: 'ann' }))
    expect([route().params.get('q'), isLeaving()]).toEqual(['ann', false])
  })
})

test('without unsaved work nobody is asked', () => {
  unsaved = false
  click('#/activity')
  expect([route().path, isLeaving()]).toEqual(['/activity', false])
})
