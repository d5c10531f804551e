import type { Source } from '../catalogue'

/** The words of what people are told about their own sign-in. */
export default {
  'notices.text':
    'What was done to your sign-in and to what lets people in, by whom and from where. Look at what you do not remember.',
  'notices.unread': 'new',
  'notices.who': 'By',
  'notices.when': 'When',
  'notices.where': 'From',
  'notices.with': 'With',
  'notices.desk': 'the Desk',
  'notices.console': 'the command line',
  'notices.nowhere': 'no address',
  'notices.read': 'Mark as read',
  'notices.readAll': { one: 'Mark {n} as read', other: 'Mark all {n} as read' },
  'notices.more': 'Show older ones',
  'notices.none': 'Nothing was done to your sign-in yet',
  'notices.noneText':
    'When your password, your second factors, your e-mail address or your roles change, or somebody signs in as you from a new address, it stands here.',
} as const satisfies Source
