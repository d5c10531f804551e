import { define } from '../catalogue'

export default define('settings', {
  'settings.text': 'Wie Gatehouse für Sie aussieht und arbeitet, und worauf es läuft.',
  'settings.here': 'Auf diesem Computer',
  'settings.hereText': 'Gilt in diesem Browser oder Fenster, für alle, die es benutzen.',
  'settings.allKeys': 'Alle Tastenkürzel anzeigen',
  'settings.protection': 'Schutz der gespeicherten Daten',
  'settings.keychainText':
    'Geheimnisse in der Datenbank sind verschlüsselt. Der Schlüssel liegt im Schlüsselbund dieses Systems, der sich öffnet, wenn sich dessen Besitzer am Computer anmeldet.',
  'settings.keyFileText':
    'Geheimnisse in der Datenbank sind verschlüsselt. Der Schlüssel liegt in einer eigenen Datei: Bewahren Sie eine Kopie davon getrennt von Kopien der Datenbank auf, denn eines ohne das andere nützt nichts.',
  'settings.keyIn': 'Schlüssel in',
  'settings.keychain': 'Schlüsselbund des Systems',
  'settings.keyFile': 'Schlüsseldatei',
  'settings.where': 'Wo',
  'settings.support': 'Kontakt für Hilfe',
  'settings.supportText':
    'Wird allen gezeigt, wo jemand nicht weiterkommt, auch vor der Anmeldung. Was nicht gezeigt werden soll, bleibt leer.',
  'settings.supportEmail': 'E-Mail-Adresse',
  'settings.supportPhone': 'Telefon',
  'settings.supportPhoneHelp': 'Mit Landesvorwahl, etwa +32 2 123 45 67.',
  'settings.supportHours': 'Zeiten',
  'settings.supportHoursHelp': 'In einer Zeile, etwa „Montag bis Freitag, 9 bis 17 Uhr“.',
  'settings.supportSave': 'Kontakt speichern',
  'settings.supportSaved': 'Der Kontakt wurde gespeichert.',
  'settings.about': 'Über Gatehouse',
  'settings.version': 'Version',
  'settings.place': 'Läuft als',
  'settings.desk': 'Desk: ein Fenster auf diesem Computer',
  'settings.gate': 'Gate: ein Server, den Browser und Programme erreichen',
  'settings.data': 'Daten',
  'settings.practice': 'Übungsdaten: Nichts hier ist echt',
  'settings.real': 'Die Ihrer Organisation',
})
