import type { Output } from '../../api/client'

/** The days of the installation, as far as the reader may know them. */
export type Days = Pick<Output<'settings.show'>, 'mfaRequiredAfter' | 'mfaRequiredFrom'>

/**
 * What an account begins with that is opened on a day, which is today when it
 * is empty: `everywhere` when the day has come from which every account needs
 * second factors, `coming` when it is set. The server decides for itself; this
 * is to say it beforehand.
 */
export function beginsWith(openedAt: string, days: Days | undefined, today: string) {
  if (!days) return 'unknown'
  if ((openedAt || today) > days.mfaRequiredAfter) return 'required'
  if (!days.mfaRequiredFrom) return 'recommended'
  return days.mfaRequiredFrom <= today ? 'everywhere' : 'coming'
}
