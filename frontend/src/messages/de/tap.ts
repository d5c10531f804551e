import { define } from '../catalogue'

export default define('tap', {
  'tap.asking': 'Einen Moment …',
  'tap.system': 'Tippen Sie auf Ihren Sicherheitsschlüssel',
  'tap.systemCreate':
    'Stecken Sie ihn in einen USB-Anschluss und folgen Sie dem Fenster, das Ihr Browser oder System jetzt zeigt. Auch ein Passkey auf dem Telefon oder in einem Passwort-Manager geht.',
  'tap.systemGet': 'Stecken Sie ihn ein und folgen Sie dem Fenster, das Ihr Browser oder System jetzt zeigt.',
  'tap.plug_in': 'Stecken Sie Ihren Sicherheitsschlüssel ein',
  'tap.text.plug_in': 'In einen USB-Anschluss dieses Computers. Es geht von selbst weiter, sobald er steckt.',
  'tap.choose': 'Berühren Sie den Schlüssel, den Sie meinen',
  'tap.text.choose': 'Es stecken mehrere Schlüssel. Der, den Sie berühren, zählt.',
  'tap.touch': 'Berühren Sie jetzt den Schlüssel',
  'tap.touchAgain': 'Bitte noch einmal berühren',
  'tap.text.touch':
    'Sein Licht blinkt, solange er wartet. Liest er Fingerabdrücke, nehmen Sie den Finger, den er kennt.',
  'tap.pin': 'Geben Sie die PIN des Schlüssels ein',
  'tap.text.pin':
    'Die PIN gehört zum Schlüssel und wurde bei seiner Einrichtung gewählt. Sie ist nicht Ihr Passwort und wird hier nicht aufbewahrt.',
  'tap.pin.label': 'PIN des Sicherheitsschlüssels',
  'tap.pin.enter': 'Weiter',
  'tap.pin.help': 'Zu viele falsche PINs sperren den Schlüssel.',
  'tap.pin.tries': {
    one: 'Es bleibt ein Versuch. Ist auch er falsch, wird der Schlüssel gesperrt.',
    other: 'Es bleiben {n} Versuche, bevor der Schlüssel gesperrt wird.',
  },
  'tap.pin.wrong': 'Diese PIN stimmt nicht.',
  'tap.pin.unfit': 'Das kann nicht die PIN sein: Sie hat mindestens 4 und höchstens 63 Zeichen.',
  'tap.account': 'Mit welchem Benutzer möchten Sie sich anmelden?',
  'tap.text.account': 'Dieser Schlüssel kann mehrere anmelden.',
  'tap.browser': 'Machen Sie im Browser weiter',
  'tap.text.browser':
    'Dort wurde eine Seite geöffnet, die nach dem Schlüssel fragt. Kommen Sie zurück, wenn sie es sagt; dieses Fenster macht von selbst weiter.',
  'tap.address': 'Keine Seite oder der falsche Browser? Öffnen Sie auf diesem Computer diese Adresse:',
  'tap.addressName': 'Adresse der Seite',
  'tap.safari':
    'Sie funktioniert in Chrome, Edge und Firefox; Safari findet sie nicht. Sie gilt zwei Minuten lang, ein Mal.',
  'tap.checking': 'Die Antwort wird geprüft …',
  'tap.done': 'Ihr Schlüssel wurde angenommen',
  'tap.refused': 'Das hat nicht geklappt',
  'tap.again': 'Noch einmal versuchen',
  'tap.way.page': 'Den Schlüssel hier fragen',
  'tap.way.native': 'Den USB-Anschluss dieses Computers nehmen',
  'tap.way.browser': 'Stattdessen meinen Browser nehmen',

  'tap.failed.no_key': 'Es wurde kein Sicherheitsschlüssel gefunden',
  'tap.next.no_key': 'Stecken Sie ihn in einen USB-Anschluss dieses Computers und versuchen Sie es noch einmal.',
  'tap.failed.not_permitted': 'Dieser Computer lässt Gatehouse nicht an den Schlüssel',
  'tap.next.not_permitted':
    'Der Schlüssel steckt, darf aber nicht geöffnet werden. Bitten Sie den, der diesen Computer betreut, Sicherheitsschlüssel zuzulassen (unter Linux durch eine udev-Regel; Flatpak und Snap brauchen ihr Recht auf Geräte).',
  'tap.failed.not_registered': 'Dieser Schlüssel ist hier nicht registriert',
  'tap.next.not_registered':
    'Nehmen Sie den Schlüssel, den Sie für diesen Ort registriert haben, und versuchen Sie es noch einmal.',
  'tap.failed.registered_already': 'Dieser Schlüssel ist schon registriert',
  'tap.next.registered_already':
    'Er steht in Ihrer Liste. Um einen weiteren hinzuzufügen, nehmen Sie einen anderen Schlüssel und versuchen Sie es noch einmal.',
  'tap.failed.pin_needed': 'Dieser Schlüssel braucht eine PIN',
  'tap.next.pin_needed':
    'Geben Sie dem Schlüssel zuerst eine PIN: in den Sicherheitseinstellungen von System oder Browser oder mit dem Programm des Herstellers. Versuchen Sie es dann noch einmal.',
  'tap.failed.pin_wrong': 'Diese PIN stimmte nicht',
  'tap.next.pin_wrong': 'Versuchen Sie es noch einmal. Zu viele falsche PINs sperren den Schlüssel.',
  'tap.failed.pin_blocked_until_replugged': 'Der Schlüssel macht eine Pause',
  'tap.next.pin_blocked_until_replugged':
    'Es waren mehrere falsche PINs. Ziehen Sie ihn ab, stecken Sie ihn wieder ein und versuchen Sie es noch einmal.',
  'tap.failed.pin_blocked': 'Der Schlüssel ist endgültig gesperrt',
  'tap.next.pin_blocked':
    'Es waren zu viele falsche PINs. Nur das Programm des Herstellers kann ihn zurücksetzen, und er vergisst dabei alle Orte. Nehmen Sie hier einen anderen Weg.',
  'tap.failed.timed_out': 'Die Zeit ist abgelaufen',
  'tap.next.timed_out':
    'In zwei Minuten hat niemand auf einen Schlüssel getippt. Nichts wurde geändert; versuchen Sie es noch einmal, wenn Sie ihn zur Hand haben.',
  'tap.failed.cancelled': 'Es wurde kein Schlüssel benutzt',
  'tap.cancelledCreate':
    'Es wurde abgebrochen, oder der Schlüssel ließ sich nicht benutzen. Nichts wurde geändert. Versuchen Sie es noch einmal; ein Schlüssel, der schon in Ihrer Liste steht, kann nicht zweimal hinein.',
  'tap.cancelledGet':
    'Es wurde abgebrochen, oder der Schlüssel ist hier nicht registriert. Versuchen Sie es mit einem Schlüssel aus Ihrer Liste noch einmal oder nehmen Sie einen anderen Weg.',
  'tap.failed.unplugged': 'Der Schlüssel wurde zu früh abgezogen',
  'tap.next.unplugged':
    'Lassen Sie ihn stecken, bis diese Seite sagt, dass er angenommen wurde. Versuchen Sie es noch einmal.',
  'tap.failed.busy': 'Ein anderes Programm benutzt den Schlüssel',
  'tap.next.busy':
    'Vielleicht fragt gerade ein Browser oder ein Mailprogramm danach. Schließen Sie es oder warten Sie einen Moment und versuchen Sie es noch einmal.',
  'tap.failed.full': 'Der Schlüssel ist voll',
  'tap.next.full':
    'Er hat keinen Platz für einen weiteren Passkey. Entfernen Sie einen mit dem Programm des Herstellers oder nehmen Sie einen anderen Schlüssel.',
  'tap.failed.unfit': 'Dieser Schlüssel kann nicht, was hier nötig ist',
  'tap.next.unfit':
    'Er ist zu alt oder hat weder PIN noch Fingerabdruckleser. Nehmen Sie einen anderen Schlüssel oder einen anderen Weg.',
  'tap.failed.certificate': 'Dem Zertifikat dieser Adresse wird nicht vertraut',
  'tap.next.certificate':
    'Browser benutzen keine Sicherheitsschlüssel, wo eine Warnung vor dem Zertifikat weggeklickt wurde. Bitten Sie den Betreiber dieses Gates um ein Zertifikat, dem Ihr Browser vertraut, und nehmen Sie bis dahin einen anderen Weg.',
  'tap.failed.not_here': 'Unter dieser Adresse funktionieren keine Sicherheitsschlüssel',
  'tap.next.not_here':
    'Sie sind an die öffentliche Adresse dieses Gatehouse gebunden. Öffnen Sie es dort oder nehmen Sie einen anderen Weg.',
  'tap.failed.failed': 'Der Schlüssel konnte nicht gefragt werden',
  'tap.next.failed':
    'Ziehen Sie ihn ab, stecken Sie ihn wieder ein und versuchen Sie es noch einmal. Hilft das nicht, nehmen Sie einen anderen Schlüssel oder einen anderen Weg.',
})
