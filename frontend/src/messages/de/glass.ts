import { define } from '../catalogue'

export default define('glass', {
  'glass.text':
    'Für den Tag, an dem der Hauptadministrator App, Sicherheitsschlüssel und Wiederherstellungscodes auf einmal verloren hat.',
  'glass.what':
    'Mehrere Personen Ihrer Wahl erhalten je ein Blatt Papier mit einem Code. Genügend davon zusammen lassen den Hauptadministrator einmal hinein, mit dem Passwort wie immer. Danach sind neue zweite Faktoren einzurichten.',
  'glass.alone': 'Ein Blatt allein öffnet nichts, und auch alle zusammen nicht ohne das Passwort.',
  'glass.told':
    'Werden sie benutzt, erfahren es alle: der Hauptadministrator, die anderen Administratoren und der Betreiber.',
  'glass.ready': 'In Kraft',
  'glass.none': 'Keine',
  'glass.used': 'Benutzt',
  'glass.state': 'Notfallcodes',
  'glass.forWhom': 'Sie lassen hinein',
  'glass.needed': 'Zusammen nötig',
  'glass.neededOf': '{needed} von {people} Codes',
  'glass.holders': 'Für wen',
  'glass.holder': 'Person {n}',
  'glass.madeAt': 'Angelegt',
  'glass.usedAt': 'Zuletzt benutzt',
  'glass.never': 'nie',
  'glass.set': 'Satz',
  'glass.noneText': 'Es gibt keine Notfallcodes. Wer alles verliert, ist dann auf den Betreiber angewiesen.',
  'glass.usedText': 'Die Codes wurden benutzt und gelten nicht mehr. Bitte legen Sie neue an.',
  'glass.make': 'Notfallcodes anlegen',
  'glass.renew': 'Neue Codes anlegen',
  'glass.renewText': 'Die ausgegebenen Blätter gelten weiter, bis Sie die neuen gedruckt haben.',
  'glass.onlyAdmin': 'Nur der Hauptadministrator ({name}) legt Notfallcodes an und schaltet sie ab.',
  'glass.factorFirst':
    'Notfallcodes treten an die Stelle Ihrer zweiten Faktoren. Bitte richten Sie zuerst die 2-Faktor-Authentifizierung ein.',
  'glass.off': 'Abschalten',
  'glass.offTitle': 'Notfallcodes abschalten?',
  'glass.offText':
    'Keines der Blätter gilt dann mehr, und sie lassen sich nicht zurückholen. Neue können jederzeit angelegt werden.',
  'glass.offYes': 'Abschalten',
  'glass.offNo': 'Behalten',
  'glass.offDone': 'Die Notfallcodes sind abgeschaltet.',
  'glass.people': 'Wie viele Personen einen Code erhalten',
  'glass.neededLabel': 'Wie viele davon zusammen nötig sind',
  'glass.neededHelp':
    'Bei wenigen ist Missbrauch leichter abzusprechen; bei zu vielen ist im Ernstfall jemand im Urlaub.',
  'glass.names': 'Für wen die Codes sind',
  'glass.namesText':
    'Die Namen stehen auf den Blättern und hier. Sie können leer bleiben. Wählen Sie Personen, die selten alle abwesend sind.',
  'glass.name': 'Person {n}',
  'glass.begin': 'Codes anlegen',
  'glass.printTitle': 'Drucken Sie jetzt die Blätter',
  'glass.printText':
    'Sie sehen diese Codes nicht noch einmal. Drucken Sie ein Blatt für jede Person und übergeben Sie es in einem verschlossenen Umschlag. In Kraft treten sie, wenn Sie unten bestätigen.',
  'glass.printAll': { one: '{n} Blatt drucken', other: 'Alle {n} Blätter drucken' },
  'glass.printOne': 'Blatt für {who} drucken',
  'glass.saveOne': 'Blatt für {who} speichern',
  'glass.printed': 'Ich habe jedes Blatt gedruckt oder gespeichert',
  'glass.mustPrint': 'Bitte drucken Sie zuerst die Blätter: Ohne sie sind die Codes verloren.',
  'glass.enforce': 'In Kraft setzen',
  'glass.inForce': 'Die Notfallcodes sind in Kraft. Übergeben Sie nun die Blätter.',
  'glass.tooLong': 'Das hat zu lange gedauert, und die Codes wurden verworfen. Bitte legen Sie neue an.',
  'glass.forbidden': 'Notfallcodes sind nicht für Sie einsehbar',
  'glass.forbiddenText':
    'Dafür braucht es die Berechtigung, das Konto zu verwalten. Bitte wenden Sie sich an einen Administrator.',
  'sheet.title': 'Notfallcode',
  'sheet.account': 'Organisation',
  'sheet.for': 'Für',
  'sheet.letsIn': 'Lässt hinein',
  'sheet.number': 'Blatt',
  'sheet.numberOf': '{n} von {people}',
  'sheet.needed': 'Zusammen nötig',
  'sheet.neededOf': 'beliebige {needed} der {people} Blätter',
  'sheet.made': 'Angelegt am',
  'sheet.set': 'Satz',
  'sheet.code': 'Ihr Code',
  'sheet.why':
    'Dieses Blatt ist für den Notfall: {admin} hat alle zweiten Faktoren der Anmeldung verloren und kommt nicht hinein. Ein Blatt allein öffnet nichts.',
  'sheet.do': 'Was zu tun ist',
  'sheet.do1':
    'Bewahren Sie dieses Blatt in seinem verschlossenen Umschlag dort auf, wo nur Sie herankommen. Schreiben Sie es nirgends ab.',
  'sheet.do2':
    'Wenn {admin} Sie um den Code bittet, vergewissern Sie sich, dass es wirklich diese Person ist: persönlich oder durch einen Anruf unter einer Nummer, die Sie kennen.',
  'sheet.do3':
    'Auf der Anmeldeseite{address} gibt {admin} Benutzername und Passwort ein und dann {needed} Codes zusammen, unter „Ich habe nichts davon“ oder „Notfallcodes“.',
  'sheet.do4': 'Die Codes gelten einmal. Danach ist jedes Blatt dieses Satzes wertlos und kann vernichtet werden.',
  'sheet.do5': 'Blatt verloren oder Umschlag offen? Sagen Sie es {admin} sofort, damit neue angelegt werden.',
})
