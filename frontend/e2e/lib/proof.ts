// As if the last proof of oneself was six minutes ago: only this one answer is
// made up; the question it leads to, the proof and what follows are real.

import type { Page } from '@playwright/test'

/** lapsed answers the next call to such an address as the server does once the proof is old. */
export const lapsed = (page: Page, address: string): Promise<unknown> =>
  page.route(
    address,
    (route) =>
      route.fulfill({
        status: 403,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          code: 'step_up_required',
          title: '',
          detail: '',
          type: '',
          status: 403,
          violations: [],
        }),
      }),
    { times: 1 },
  )
