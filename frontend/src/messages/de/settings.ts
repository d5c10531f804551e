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
  'settings.account.account': 'Ihr Konto',
  'settings.account.handle': 'Kürzel',
  'settings.account.opened': 'Eröffnet am',
  'settings.account.force': '2-Faktor-Authentifizierung von allen verlangen',
  'settings.account.forceHelp': 'Wer sie nicht eingerichtet hat, muss das sofort und vor allem anderen tun.',
  'settings.account.forceMoot': 'Die Richtlinie des Kontos verlangt sie bereits.',
  'settings.account.forced': 'Alle im Konto müssen jetzt die 2-Faktor-Authentifizierung verwenden.',
  'settings.account.unforced': 'Die 2-Faktor-Authentifizierung wird nicht mehr von allen verlangt.',
  'settings.about': 'Über Gatehouse',
  'settings.version': 'Version',
  'settings.place': 'Läuft als',
  'settings.desk': 'Desk: ein Fenster auf diesem Computer',
  'settings.gate': 'Gate: ein Server, den Browser und Programme erreichen',
  'settings.data': 'Daten',
  'settings.practice': 'Übungsdaten: Nichts hier ist echt',
  'settings.real': 'Die Ihrer Organisation',
})
