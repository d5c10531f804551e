import { call } from '../../api/client'
import { toProblem } from '../../api/problem'
import { problemText, t } from '../../messages/index.svelte'
import { go, href } from '../../router.svelte'
import { toast } from '../../ui/toasts.svelte'
import { announce } from './acts'
import type { User } from './list.svelte'

/** Switching a user off and on: done at once, since each takes the other back. */

const under = new Set<string>()

/** Does it once, however often it is clicked; a problem is told in passing. */
async function once(user: User, act: () => Promise<void>, again?: () => void) {
  if (under.has(user.id)) return
  under.add(user.id)
  try {
    await act()
  } catch (thrown) {
    const problem = toProblem(thrown)
    if (problem.code === 'owns_service_users')
      toast(problemText(problem), 'bad', { label: t('service.show'), run: () => go(href(`/users/${user.id}`)) })
    // Whoever did not prove that it is them has done nothing wrong, and may want to after all.
    else if (problem.code === 'step_up_required' && again)
      toast(problemText(problem), 'good', { label: t('users.undo'), run: again })
    else toast(problemText(problem), problem.code === 'step_up_required' ? 'good' : 'bad')
  } finally {
    under.delete(user.id)
  }
}

/** Keeps a user out, with ten seconds to think again. */
export const deactivate = (user: User, undoes = false) =>
  once(
    user,
    async () => {
      const now = await call('users.deactivate', { id: user.id })
      announce({ kind: 'changed', user: now })
      toast(t('users.did.deactivate', { name: now.name }), 'good', {
        label: t('users.undo'),
        run: () => void reactivate(now, true),
      })
    },
    undoes ? () => void deactivate(user, true) : undefined,
  )

/** Lets a user in again, with ten seconds to think again. */
export const reactivate = (user: User, undoes = false) =>
  once(
    user,
    async () => {
      const now = await call('users.reactivate', { id: user.id })
      announce({ kind: 'changed', user: now })
      toast(t('users.did.reactivate', { name: now.name }), 'good', {
        label: t('users.undo'),
        run: () => void deactivate(now, true),
      })
    },
    undoes ? () => void reactivate(user, true) : undefined,
  )
