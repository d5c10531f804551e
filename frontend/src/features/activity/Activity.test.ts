import { flushSync, mount, unmount } from 'svelte'
import { beforeEach, expect, test } from 'vitest'
import { Problem } from '../../api/problem'
import { speak } from '../../testing/words'
import { go, href } from '../../router.svelte'
import { pageOf, serve, sessionWith } from '../../testing/server'
import { enter } from '../session/session.svelte'
import Activity from './Activity.svelte'

beforeEach(async () => {
  await speak('en')
  await enter(sessionWith('VIEW_ACTIVITY'))
})

test('"Try again" asks the same question, without the parameters that are only for the eye', async () => {
  let calls = 0
  const asked = serve({
    'activity.list': () => {
      if (calls++ === 0) throw new Problem({ code: 'unavailable' })
      return pageOf([])
    },
  })
  go(href('/activity', { days: '7', actor: 'usr_1', actorName: 'Anna', event: 'user.added' }))
  const screen = mount(Activity, { target: document.body })
  await expect.poll(() => document.querySelector('[role=alert]')).not.toBeNull()

  const retry = [...document.querySelectorAll('button')].find((button) => button.textContent?.trim() === 'Try again')
  retry?.click()
  flushSync()
  await expect.poll(() => asked).toHaveLength(2)
  expect(Object.keys(asked[1]?.input ?? {}).toSorted()).toEqual([
    'actor',
    'event',
    'limit',
    'object',
    'outcome',
    'since',
  ])
  expect(asked[1]).toEqual(asked[0])
  await unmount(screen)
})

test('where only a part was looked through, nobody is told that there is nothing', async () => {
  const cursors: unknown[] = []
  serve({
    'activity.list': ({ cursor }) => {
      cursors.push(cursor)
      return pageOf([], cursor ? {} : { nextCursor: 'after 20,000' })
    },
  })
  go(href('/activity', { event: 'user.deleted' }))
  const screen = mount(Activity, { target: document.body })
  const text = () => document.body.textContent ?? ''
  await expect.poll(text).toContain('Nothing found so far')
  expect(text()).not.toContain('Nothing fits these filters')

  const further = [...document.querySelectorAll('button')].find((one) => one.textContent?.trim() === 'Look further')
  further?.click()
  await expect.poll(text).toContain('Nothing fits these filters')
  expect(cursors).toEqual([undefined, 'after 20,000'])
  await unmount(screen)
})
