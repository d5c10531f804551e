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
  'settings.account.glass': 'Notfallcodes',
  'settings.account.edit': 'Name und Kontakt ändern',
  'settings.account.name': 'Name',
  'settings.account.nameHelp': 'So sehen ihn alle im Konto.',
  'settings.account.email': 'Offizielle E-Mail-Adresse',
  'settings.account.mobile': 'Offizielle Mobilnummer',
  'settings.account.contactHelp':
    'Dorthin schreibt der Betreiber der Organisation, und darüber kommt der Admin-Benutzer wieder hinein.',
  'settings.account.contactWhy':
    'Die offizielle E-Mail-Adresse und Mobilnummer ändert nur der Admin-Benutzer des Kontos: Links, die ihn wieder einlassen, gehen dorthin.',
  'settings.account.saved': 'Das Konto wurde geändert.',
  'settings.credential.title': 'Die API des Registrars',
  'settings.credential.text':
    'Mit diesem Zugang ruft das Gateway den Registrar für die Programme Ihres Kontos auf. Die Programme sehen ihn nie.',
  'settings.credential.none':
    'Keiner ist hinterlegt. Ihre Programme bekommen vom Gateway keine Antwort, bis Sie einen hinterlegen.',
  'settings.credential.set': 'Hinterlegt',
  'settings.credential.notSet': 'Nicht hinterlegt',
  'settings.credential.since': 'Hinterlegt am',
  'settings.credential.by': 'Hinterlegt von',
  'settings.credential.used': 'Zuletzt benutzt',
  'settings.credential.never': 'seitdem nicht',
  'settings.credential.last': 'Letzte Antwort',
  'settings.credential.last.none': 'es kam keine',
  'settings.credential.last.good': 'angenommen (Status {status})',
  'settings.credential.last.refused': 'Zugang abgewiesen (Status {status})',
  'settings.credential.last.other': 'Status {status}',
  'settings.credential.to': 'Geht an',
  'settings.credential.nowhere': 'hier ist kein Gateway offen',
  'settings.credential.field': 'Zugang zum Registrar',
  'settings.credential.fieldHelp':
    'Der API-Schlüssel, den der Registrar Ihrem Konto gegeben hat. Er wird verschlüsselt aufbewahrt, nie wieder gezeigt und geht nur an den Registrar.',
  'settings.credential.replace': 'Neuer Zugang',
  'settings.credential.save': 'Zugang hinterlegen',
  'settings.credential.saved': 'Der Zugang ist hinterlegt. Er gilt vom nächsten Aufruf an.',
  'settings.credential.remove': 'Entfernen',
  'settings.credential.removed': 'Der Zugang wurde entfernt.',
  'settings.credential.ask': 'Den Zugang entfernen?',
  'settings.credential.askText':
    'Danach bekommen Ihre Programme vom Gateway keine Antwort, bis wieder ein Zugang hinterlegt ist. Er lässt sich nicht zeigen oder zurückholen: Sie müssten ihn vom Registrar holen. Beim Registrar selbst gilt er weiter.',
  'settings.credential.yes': 'Zugang entfernen',
  'settings.credential.try': 'Prüfen',
  'settings.credential.tryHelp': 'Fragt den Registrar etwas, das nichts ändert und nichts kostet.',
  'settings.credential.tryClosed':
    'Zum Prüfen muss hier ein Gateway offen sein: ein Server mit Upstream, oder die Türen des Desks.',
  'settings.credential.tried.works': 'Der Registrar hat geantwortet und den Zugang angenommen.',
  'settings.credential.tried.refused':
    'Der Registrar hat geantwortet und den Zugang abgewiesen. Prüfen Sie dort, ob er noch gilt, und ob er von der Adresse dieses Rechners aus benutzt werden darf.',
  'settings.credential.tried.unreachable':
    'Der Registrar ist von hier nicht erreichbar. Versuchen Sie es noch einmal, oder sagen Sie es dem, der diese Installation betreibt.',
  'settings.credential.tried.insecure':
    'Der Server unter der Adresse des Registrars zeigt ein falsches Zertifikat, darum wurde nichts gesendet. Sagen Sie es dem, der diese Installation betreibt.',
  'settings.credential.tried.slow':
    'Der Registrar hat nicht rechtzeitig geantwortet. Versuchen Sie es später noch einmal.',
  'settings.credential.tried.odd':
    'Der Registrar hat mit dem Status {status} geantwortet, was weder ja noch nein heißt. Versuchen Sie es später noch einmal.',
  'settings.days': '2-Faktor-Authentifizierung in allen Konten',
  'settings.days.text':
    'Der erste Tag entscheidet, wo die Richtlinie eines Kontos es dem Eröffnungsdatum überlässt. Der zweite gilt für jedes Konto.',
  'settings.days.after': 'Verpflichtend für Konten, eröffnet nach dem',
  'settings.days.afterHelp': 'Für Konten, die an diesem Tag oder davor eröffnet wurden, ist sie empfohlen.',
  'settings.days.from': 'Überall verpflichtend ab',
  'settings.days.fromHelp':
    'Ab Mitternacht UTC dieses Tages, in jedem Konto. Die Leute sehen ihn kommen. Leer: kein Tag.',
  'settings.days.now': 'Alle in allen Konten brauchen sie: Wer sie nicht eingerichtet hat, tut das vor allem anderen.',
  'settings.days.save': 'Tage speichern',
  'settings.days.saved': 'Die Tage wurden gespeichert.',
  'settings.days.ask': 'Sofort verlangen?',
  'settings.days.askText':
    'Wen es betrifft und wer sie nicht eingerichtet hat, muss das vor allem anderen tun, auch wer gerade angemeldet ist.',
  'settings.days.yes': 'Verlangen',
  'settings.days.in': {
    one: 'Überall verpflichtend in {n} Tag, ab {date}.',
    other: 'Überall verpflichtend in {n} Tagen, ab {date}.',
  },
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
