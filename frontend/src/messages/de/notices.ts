import { define } from '../catalogue'

export default define('notices', {
  'notices.text':
    'Was an Ihrer Anmeldung geschehen ist und an dem, was Menschen einlässt, durch wen und von wo. Sehen Sie nach, woran Sie sich nicht erinnern.',
  'notices.unread': 'neu',
  'notices.who': 'Wer',
  'notices.when': 'Wann',
  'notices.where': 'Von wo',
  'notices.with': 'Womit',
  'notices.desk': 'Desk',
  'notices.console': 'Kommandozeile',
  'notices.nowhere': 'ohne Adresse',
  'notices.read': 'Als gelesen markieren',
  'notices.readAll': { one: '{n} als gelesen markieren', other: 'Alle {n} als gelesen markieren' },
  'notices.more': 'Ältere anzeigen',
  'notices.none': 'An Ihrer Anmeldung ist noch nichts geschehen',
  'notices.noneText':
    'Wenn sich Ihr Passwort, Ihre zweiten Faktoren, Ihre E-Mail-Adresse oder Ihre Rollen ändern oder sich jemand als Sie von einer neuen Adresse aus anmeldet, steht es hier.',
})
