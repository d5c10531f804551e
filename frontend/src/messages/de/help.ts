import { define } from '../catalogue'

export default define('help', {
  'help.title': 'Um Hilfe bitten',
  'help.text':
    'Ihr Passwort war richtig. Sagen Sie in wenigen Worten, was geschehen ist. Jemand wird sich melden und sich vergewissern, dass Sie es sind, bevor etwas geändert wird; die Bitte allein ändert nichts.',
  'help.byLogin':
    'Für den Fall, dass Sie weder Ihr Passwort noch einen zweiten Faktor haben. Jemand wird sich melden und sich vergewissern, dass Sie es sind, bevor etwas geändert wird.',
  'help.forgotten': 'Nur das Passwort vergessen? Lassen Sie sich stattdessen einen Link schicken.',
  'help.what': 'Was ist geschehen?',
  'help.whatHelp':
    'Zum Beispiel: Mein Telefon wurde gestohlen, und die Wiederherstellungscodes mit ihm. Bitte keine Passwörter oder Codes.',
  'help.reach': 'Wie sind Sie jetzt zu erreichen?',
  'help.reachHelp':
    'Eine Telefonnummer oder E-Mail-Adresse. Ein Code, mit dem Sie sich ausweisen, geht nur an Ihre hinterlegte Mobilnummer.',
  'help.send': 'Bitte absenden',
  'help.back': 'Zurück zum zweiten Schritt',
  'help.toSignIn': 'Zur Anmeldung',
  'help.askedTitle': 'Ihre Bitte ist unterwegs',
  'help.asked.operator':
    'Der Betreiber dieser Installation sieht sie. Er meldet sich bei Ihnen und sendet einen Code an Ihre hinterlegte Mobilnummer, den Sie ihm vorlesen. Dann setzt er Ihre 2-Faktor-Authentifizierung zurück; Sie melden sich mit Ihrem Passwort an und richten sie neu ein.',
  'help.asked.administrators':
    'Die Administratoren Ihres Kontos sehen sie. Einer von ihnen vergewissert sich, dass Sie es sind, und setzt Ihre 2-Faktor-Authentifizierung zurück; Sie melden sich dann mit Ihrem Passwort an und richten sie neu ein.',
  'help.asked.console':
    'Sie sind der Admin-Benutzer des Kontos, das diese Installation betreibt. Wer deren Maschine betreut, setzt Ihre 2-Faktor-Authentifizierung dort auf der Kommandozeile zurück.',
  'help.takenTitle': 'Vielen Dank',
  'help.taken':
    'Wenn es einen Benutzer mit diesem Namen gibt, liegt die Bitte nun bei denen, die helfen können: bei den Administratoren des Kontos oder, für dessen Admin-Benutzer, beim Betreiber dieser Installation.',
  'help.found':
    'Telefon oder Wiederherstellungscode doch gefunden? Melden Sie sich einfach an: Die Bitte erledigt sich dann von selbst.',
  'help.requests': 'Bitten um Hilfe',
  'help.requestsText':
    'Personen, die nicht hereinkommen. Vergewissern Sie sich, wer es ist, bevor Sie helfen: Eine Bitte allein beweist nichts.',
  'help.of.customers': 'Admin-Benutzer von Konten',
  'help.of.customersText':
    'Mit einem Code an die hinterlegte Mobilnummer stellen Sie fest, wer anruft, und setzen dann die zweiten Faktoren zurück.',
  'help.of.colleagues': 'Personen Ihres eigenen Kontos',
  'help.of.colleaguesText':
    'Öffnen Sie den Benutzer, vergewissern Sie sich, dass er es ist, und setzen Sie die zweiten Faktoren zurück.',
  'help.nobody': 'Niemand bittet um Hilfe.',
  'help.more': 'Mehr zeigen',
  'help.byOperator': 'hilft der Betreiber',
  'help.forbidden': 'Das steht Ihnen nicht offen',
  'help.forbiddenText':
    'Mit Ihren Rollen helfen Sie niemandem, der ausgesperrt ist. Ihr Administrator kann das ändern.',
  'help.gone': 'Dieses Konto gibt es nicht',
  'help.by.shown': 'Passwort war richtig',
  'help.by.notShown': 'Ohne Passwort',
  'help.by.recorded': 'Am Telefon',
  'help.times': { one: '{n}-mal gebeten', other: '{n}-mal gebeten' },
  'help.reachShort': 'Zu erreichen',
  'help.reachNone': 'keine Angabe',
  'help.recordedBy': 'Notiert von',
  'help.from': 'Gebeten von',
  'help.desk': 'Desk',
  'help.anybody':
    'Dafür musste niemand ein Passwort nennen; jeder kann das geschrieben haben. Verlassen Sie sich nicht auf die hier genannte Nummer oder Adresse, sondern rufen Sie die hinterlegte an.',
  'help.asks': '{name} kommt nicht herein und bittet um Hilfe',
  'help.sureFirst':
    'Vergewissern Sie sich persönlich oder mit einem Anruf, dass es die Person ist. Setzen Sie dann unten ihre zweiten Faktoren zurück.',
  'help.operatorHelps':
    'Dem Admin-Benutzer eines Kontos hilft der Betreiber dieser Installation; er hat diese Bitte ebenfalls.',
  'help.request': 'Bitte um Hilfe',
  'help.for': 'Hilfe für {name}',
  'help.back.account': 'Konto',
  'help.back.board': 'Bitten um Hilfe',
  'help.none': 'Vom Admin-Benutzer liegt keine Bitte vor. Ruft jemand an, der nicht hereinkommt?',
  'help.record': 'Anruf notieren',
  'help.recordYes': 'Notieren',
  'help.recordText':
    'Was der Anrufer Ihnen sagt. Das beweist noch nichts; erst der Code an die hinterlegte Nummer tut es.',
  'help.consoleOnly':
    'Das ist der Admin-Benutzer Ihres eigenen Kontos, das die Installation betreibt. Ihm hilft nur die Kommandozeile auf der Maschine selbst:',
  'help.person': 'Hinterlegt',
  'help.email': 'E-Mail',
  'help.mobile': 'Mobilnummer',
  'help.mobileOfficial': 'Mobilnummer des Kontos',
  'help.noMobile': 'keine',
  'help.factors': 'Zweite Faktoren',
  'help.apps': { one: '{n} Authentifizierungs-App', other: '{n} Authentifizierungs-Apps' },
  'help.keys': { one: '{n} Sicherheitsschlüssel', other: '{n} Sicherheitsschlüssel' },
  'help.codes': { one: '{n} Wiederherstellungscode', other: '{n} Wiederherstellungscodes' },
  'help.noFactor': 'keine',
  'help.seen': 'Zuletzt da',
  'help.never': 'nie',
  'help.masked': 'Nur zum Teil gezeigt, damit es niemand versehentlich vorliest. Fragen Sie den Anrufer danach.',
  'help.newNumber':
    'Diese Nummer ist erst seit dem {date} hinterlegt. Wer einen Zugang übernimmt, ändert oft zuerst die Nummer: Fragen Sie, was sonst nur diese Person wissen kann, oder schreiben Sie an die offizielle Adresse.',
  'help.proof': 'Wer ruft an?',
  'help.proofText':
    'Senden Sie während des Gesprächs einen Code an die hinterlegte Mobilnummer und lassen Sie ihn sich vorlesen. Nur Sie können ihn verwenden, einmal, innerhalb von zehn Minuten.',
  'help.sendCode': 'Code an {number} senden',
  'help.sendAgain': 'Neuen Code senden',
  'help.code': 'Code, den der Anrufer vorliest',
  'help.codeHelp': 'Acht Ziffern, gesendet an {number}. Noch {time} gültig.',
  'help.codeWrong': {
    one: 'Dieser Code ist nicht richtig. Noch {n} Versuch.',
    other: 'Dieser Code ist nicht richtig. Noch {n} Versuche.',
  },
  'help.check': 'Prüfen',
  'help.over': 'Der Code ist zu alt oder war zu oft falsch. Senden Sie einen neuen.',
  'help.colleague': 'Ein Kollege hat einen Code senden lassen, den nur er verwenden kann. Ein neuer macht ihn wertlos.',
  'help.proven':
    'Der Anrufer hat die hinterlegte Mobilnummer zur Hand. Sie können die zweiten Faktoren noch {time} lang zurücksetzen.',
  'help.noSms': 'Es ist kein SMS-Gateway eingerichtet, deshalb lässt sich kein Code senden.',
  'help.noNumber': 'Es ist keine Mobilnummer hinterlegt, weder für diese Person noch für das Konto.',
  'help.otherwise':
    'Übergeben Sie stattdessen auf der Seite des Kontos den Admin-Benutzer an dieselbe Person, mit einem Übergabeblatt an die offizielle Adresse. Auch das entfernt die zweiten Faktoren. Der letzte Ausweg ist die Kommandozeile auf der Maschine.',
  'help.answer': 'Antwort',
  'help.unproven': 'Die zweiten Faktoren lassen sich zurücksetzen, sobald der Anrufer den Code vorgelesen hat.',
  'help.mayReset': 'Die zweiten Faktoren lassen sich jetzt zurücksetzen.',
  'help.nothingToReset':
    'Diese Person hat keinen zweiten Faktor. Wenn das Passwort fehlt, erzeugen Sie auf der Seite des Kontos eine neue Aktivierung und schließen Sie die Bitte.',
  'help.reset': 'Zweite Faktoren zurücksetzen',
  'help.resetTitle': 'Die zweiten Faktoren von {name} zurücksetzen?',
  'help.reset.removed': 'Alle zweiten Faktoren und Wiederherstellungscodes werden entfernt, alle Sitzungen enden.',
  'help.reset.next':
    'Die Person meldet sich mit dem Passwort an und richtet neue ein. Dadurch allein kommt niemand herein.',
  'help.reset.told': 'Die Person erfährt es per E-Mail und SMS. Es steht in Ihrem Verlauf und in dem des Kontos.',
  'help.wasReset': 'Die zweiten Faktoren von {name} wurden zurückgesetzt.',
  'help.decline': 'Ohne Zurücksetzen schließen',
  'help.declineTitle': 'Die Bitte von {name} schließen?',
  'help.declineText': 'Nichts wird geändert. Die Person erfährt davon und kann erneut bitten.',
  'help.declined': 'Die Bitte ist geschlossen.',
  'help.reason': 'Grund',
  'help.reasonHelp': 'Die Person liest ihn.',
})
