import type { Output } from '../../api/client'
import { day } from '../../messages/dates'
import { t } from '../../messages/index.svelte'

export type Begun = Output<'breakGlass.begin'>

/** What stands on the sheet of one person. */
export interface Sheet {
  n: number
  holder: string
  code: string
  facts: readonly { label: string; value: string }[]
  why: string
  steps: readonly string[]
}

/** One sheet of paper for each code. */
export function sheetsOf(begun: Begun): Sheet[] {
  const people = begun.codes.length
  const admin = begun.adminUser
  const address = begun.address ? ` ${begun.address}` : ''
  return begun.codes.map(({ holder, code }, i) => ({
    n: i + 1,
    holder: holder || t('glass.holder', { n: i + 1 }),
    code,
    facts: [
      { label: t('sheet.for'), value: holder || t('glass.holder', { n: i + 1 }) },
      { label: t('sheet.account'), value: `${begun.account.name} (${begun.account.handle})` },
      { label: t('sheet.letsIn'), value: admin },
      { label: t('sheet.number'), value: t('sheet.numberOf', { n: i + 1, people }) },
      { label: t('sheet.needed'), value: t('sheet.neededOf', { needed: begun.needed, people }) },
      { label: t('sheet.made'), value: day(begun.madeAt) },
      { label: t('sheet.set'), value: begun.set.slice(-8) },
    ],
    why: t('sheet.why', { admin }),
    steps: [
      t('sheet.do1'),
      t('sheet.do2', { admin }),
      t('sheet.do3', { admin, address, needed: begun.needed }),
      t('sheet.do4'),
      t('sheet.do5', { admin }),
    ],
  }))
}

/** A sheet as a file, for whoever has no printer here. */
export const textOf = (sheet: Sheet) =>
  [
    t('sheet.title'),
    '',
    ...sheet.facts.map(({ label, value }) => `${label}: ${value}`),
    '',
    `${t('sheet.code')}: ${sheet.code}`,
    '',
    sheet.why,
    '',
    `${t('sheet.do')}:`,
    ...sheet.steps.map((step, i) => `${i + 1}. ${step}`),
    '',
  ].join('\n')
