import { define } from '../catalogue'

export default define('entry', {
  'setup.title': 'Gatehouse einrichten',
  'setup.step': 'Schritt {n} von {total}',
  'setup.steps': 'Schritte der Einrichtung',
  'setup.welcome': 'Willkommen',
  'setup.welcomeTitle': 'Willkommen bei Gatehouse',
  'setup.welcomeText':
    'In etwa fünf Minuten hat Ihr Registrar-Konto eine sichere Eingangstür. Bis zum letzten Schritt können Sie jederzeit aufhören; vorher wird nichts gespeichert.',
  'setup.need': 'Halten Sie bereit',
  'setup.need.org': 'Name und E-Mail-Adresse Ihrer Organisation',
  'setup.need.phone': 'Ihr Telefon mit einer Authentifizierungs-App',
  'setup.need.manager': 'Einen Passwortmanager oder Drucker für die Wiederherstellungscodes',
  'setup.code': 'Einrichtungscode',
  'setup.codeHelp':
    'Er steht im Fenster oder Protokoll, in dem Gatehouse gestartet wurde. Er zeigt, dass Sie diesen Server betreiben.',
  'setup.start': 'Beginnen',
  'setup.org': 'Ihre Organisation',
  'setup.orgText': 'Dieses Konto betreibt die Installation. Sein Kürzel lässt sich später nicht ändern.',
  'setup.orgName': 'Name der Organisation',
  'setup.orgHandle': 'Kürzel',
  'setup.orgHandleHelp':
    'Ein kurzer Name für Adressen und Dateien: 3 bis 40 Zeichen aus a–z, 0–9 und Bindestrich. Er bleibt für immer.',
  'setup.orgEmail': 'Offizielle E-Mail-Adresse',
  'setup.orgEmailHelp': 'Die Adresse, unter der Ihre Organisation offiziell erreichbar ist.',
  'setup.orgMobile': 'Mobilnummer',
  'setup.you': 'Sie',
  'setup.youTitle': 'Sie, der Admin-Benutzer',
  'setup.youText': 'Sie werden der erste Benutzer und lassen die anderen herein.',
  'setup.codes': 'Wiederherstellungscodes',
  'setup.app': 'Authentifizierungs-App',
  'setup.done': 'Fertig',
  'setup.doneTitle': 'Ihr Torhaus ist offen',
  'setup.doneText': 'Sie sind als {login} angemeldet. Ein Passwort und eine Authentifizierungs-App schützen Ihr Konto.',
  'setup.doneNext': 'Legen Sie als Nächstes am besten für jede Kollegin und jeden Kollegen einen Benutzer an.',
  'setup.enter': 'Zu Gatehouse',
  'setup.elsewhereTitle': 'Jemand anderes hat die Einrichtung gerade abgeschlossen',
  'setup.elsewhereText':
    'Diese Installation gehört nun zu dem Konto, das dabei angelegt wurde; von Ihren Eingaben wurde nichts gespeichert. Wenn Sie das nicht erwartet haben, sagen Sie es denen, die den Server betreiben. Sonst melden Sie sich an oder bitten Sie um einen eigenen Benutzer.',
  'setup.toSignIn': 'Zur Anmeldung',
  'setup.again': 'Letzten Schritt neu beginnen',
  'setup.againText':
    'Das hat etwas lange gedauert, deshalb gelten die Codes nicht mehr. Erzeugen Sie neue; Ihre Eingaben sind noch da.',

  'activate.title': 'Benutzer aktivieren',
  'activate.code': 'Aktivierungscode',
  'activate.codeText':
    'Tippen Sie den Code ein, den Sie erhalten haben, oder öffnen Sie Ihren Link noch einmal. Großschreibung und Bindestriche sind egal.',
  'activate.check': 'Weiter',
  'activate.checking': 'Ihr Link wird geprüft …',
  'activate.welcome': 'Willkommen, {name}',
  'activate.welcomeText': 'Sie haben Zugang zu {account} erhalten. Wählen Sie ein Passwort, das nur Sie kennen.',
  'activate.newTitle': 'Neues Passwort wählen',
  'activate.newText': 'Für Ihren Benutzer bei {account}. Ihre 2-Faktor-Authentifizierung bleibt, wie sie ist.',
  'activate.login': 'Ihr Benutzername',
  'activate.loginApart':
    'Ihr Benutzername kommt auf einem anderen Weg als dieser Link: per SMS oder von der Person, die Sie eingeladen hat. Sie brauchen ihn zum Anmelden.',
  'activate.loginHelp': 'Damit melden Sie sich an. Er ändert sich nie.',
  'activate.submit': 'Passwort setzen',
  'activate.until': 'Gültig bis {time}',
  'activate.dead': 'Dieser Link oder Code gilt nicht mehr',
  'activate.deadText':
    'Vielleicht wurde er schon benutzt, durch einen neueren ersetzt oder ist zu alt. Suchen Sie einen neueren oder fragen Sie die Person, die ihn Ihnen gegeben hat.',
  'activate.another': 'Code eintippen',
  'activate.resend': 'Neuen Link senden',
  'activate.resent':
    'Wenn nur die Zeit abgelaufen ist, ist ein neuer Link an dieselbe E-Mail-Adresse unterwegs. Sehen Sie in Ihr Postfach, auch bei unerwünschten E-Mails.',

  'forgotten.title': 'Passwort vergessen',
  'forgotten.text':
    'Geben Sie Ihren Benutzernamen ein. Ein Link, mit dem Sie ein neues Passwort wählen, geht an Ihre eigene E-Mail-Adresse.',
  'forgotten.submit': 'Link senden',
  'forgotten.askedTitle': 'Sehen Sie in Ihr Postfach',
  'forgotten.asked':
    'Wenn es einen Benutzer mit diesem Namen gibt, ist ein Link in sein eigenes Postfach unterwegs. Er gilt 24 Stunden, einmal.',
  'forgotten.nothing':
    'Es ist nichts gekommen? Sehen Sie bei unerwünschten E-Mails nach und prüfen Sie den Benutzernamen. Nach einigen Minuten lässt sich ein weiterer Link anfordern. Sonst fragen Sie einen Administrator Ihres Kontos.',
  'activate.toSignIn': 'Zur Anmeldung',
})
