import type { Source } from '../catalogue'

/** The words of the settings. */
export default {
  'settings.text': 'How Gatehouse looks and works for you, and what it runs on.',
  'settings.here': 'On this computer',
  'settings.hereText': 'Kept in this browser or window, for whoever uses it.',
  'settings.allKeys': 'Show all keyboard shortcuts',
  'settings.protection': 'Protection at rest',
  'settings.keychainText':
    'Secrets in the database are encrypted. The key is in the keychain of this system, which opens when its owner signs in to the computer.',
  'settings.keyFileText':
    'Secrets in the database are encrypted. The key is in a file of its own: keep a copy of it, apart from copies of the database, because neither is of use without the other.',
  'settings.keyIn': 'Key in',
  'settings.keychain': 'Keychain of the system',
  'settings.keyFile': 'Key file',
  'settings.where': 'Where',
  'settings.account.account': 'Your account',
  'settings.account.handle': 'Handle',
  'settings.account.opened': 'Opened on',
  'settings.account.force': 'Require 2-factor authentication of everybody',
  'settings.account.forceHelp': 'Whoever has not set it up has to do so before anything else, at once.',
  'settings.account.forceMoot': 'The policy of the account requires it already.',
  'settings.account.forced': 'Everybody in the account must use 2-factor authentication now.',
  'settings.account.unforced': '2-factor authentication is no longer forced on everybody.',
  'settings.support': 'Support contact',
  'settings.supportText':
    'Shown to everybody where somebody may be stuck, also before sign-in. Leave empty what you do not want to show.',
  'settings.supportEmail': 'E-mail address',
  'settings.supportPhone': 'Phone',
  'settings.supportPhoneHelp': 'With country code, as in +32 2 123 45 67.',
  'settings.supportHours': 'Opening hours',
  'settings.supportHoursHelp': 'In one line, as in “Monday to Friday, 9 to 17”.',
  'settings.supportSave': 'Save contact',
  'settings.supportSaved': 'The support contact was saved.',
  'settings.about': 'About Gatehouse',
  'settings.version': 'Version',
  'settings.place': 'Runs as',
  'settings.desk': 'Desk: a window on this computer',
  'settings.gate': 'Gate: a server that browsers and programs reach',
  'settings.data': 'Data',
  'settings.practice': 'Practice data: nothing here is real',
  'settings.real': 'Your organisation’s own',
} as const satisfies Source
