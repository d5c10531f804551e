package notice

import (
	"fmt"
	"strings"
)

func german(n Notice) Words {
	w := Words{
		What:  germanWhat(n),
		Where: n.where(map[string]string{"desk": "Desk", "cli": "Kommandozeile"}),
	}
	switch n.By {
	case Oneself:
		w.Who = "jemand, der als Sie angemeldet war"
		if n.Kind == PasswordReset {
			w.Who = "jemand mit einem Link oder Code für Sie"
		} else if n.Kind == HelpAsked {
			w.Who = "jemand, der Ihr Passwort kennt"
		}
	case Colleague:
		w.Who = n.ByName
	case Console:
		w.Who = "die Kommandozeile auf der Maschine selbst"
		if n.ByName != "" {
			w.Who += " (" + n.ByName + ")"
		}
	case Machine:
		w.Who = "Gatehouse selbst"
	}
	w.Advice = germanAdvice(n)
	return w
}

func germanWhat(n Notice) string {
	f := n.Facts
	reason := ""
	if f.Reason != "" {
		reason = " Angegebener Grund: " + f.Reason
	}
	switch n.Kind {
	case PasswordChanged:
		return "Ihr Passwort wurde geändert. Ihre anderen Sitzungen sind beendet."
	case PasswordReset:
		return "Für Sie wurde mit einem Link oder Code ein neues Passwort gewählt. Alle Sitzungen sind beendet."
	case FactorAdded:
		if f.Name == "" {
			return "Ihrer 2-Faktor-Authentifizierung wurde eine Authentifizierungs-App hinzugefügt."
		}
		return "Ihrer 2-Faktor-Authentifizierung wurde die Authentifizierungs-App „" + f.Name + "“ hinzugefügt."
	case FactorRemoved:
		if f.Name == "" {
			return "Aus Ihrer 2-Faktor-Authentifizierung wurde eine Authentifizierungs-App entfernt."
		}
		return "Aus Ihrer 2-Faktor-Authentifizierung wurde die Authentifizierungs-App „" + f.Name + "“ entfernt."
	case SecurityKeyAdded:
		return "Ihrer 2-Faktor-Authentifizierung wurde der Sicherheitsschlüssel „" + f.Name + "“ hinzugefügt."
	case SecurityKeyRemoved:
		return "Aus Ihrer 2-Faktor-Authentifizierung wurde der Sicherheitsschlüssel „" + f.Name + "“ entfernt."
	case FactorsOff:
		return "Die 2-Faktor-Authentifizierung wurde abgeschaltet. Zum Anmelden genügt nun Ihr Passwort."
	case FactorsReset:
		return "Ihre zweiten Faktoren und Wiederherstellungscodes wurden entfernt. Bei der nächsten Anmeldung richten Sie neue ein." + reason
	case HelpAsked:
		return "Jemand mit Ihrem Passwort hat um Hilfe gebeten, weil keiner Ihrer zweiten Faktoren zur Hand ist. Dadurch kommt niemand herein."
	case HelpDeclined:
		return "Die Bitte um Hilfe bei Ihrer Anmeldung wurde geschlossen; Ihre zweiten Faktoren sind wie zuvor." + reason
	case FactorDemanded:
		return "Von Ihnen wird ab jetzt 2-Faktor-Authentifizierung verlangt."
	case CodesReplaced:
		return "Sie haben neue Wiederherstellungscodes. Die alten gelten nicht mehr."
	case CodesLow:
		switch f.Left {
		case 0:
			return "Ein Wiederherstellungscode wurde benutzt, und es war der letzte."
		case 1:
			return "Ein Wiederherstellungscode wurde benutzt. Einer ist übrig."
		}
		return fmt.Sprintf("Ein Wiederherstellungscode wurde benutzt. %d sind übrig.", f.Left)
	case BreakGlassMade:
		return "Für Sie als Hauptadministrator wurden neue Notfallcodes angelegt. Ältere gelten nicht mehr."
	case BreakGlassOff:
		return "Ihre Notfallcodes wurden abgeschaltet. Keiner von ihnen gilt mehr."
	case BreakGlassUsed:
		return "Jemand hat sich mit Ihrem Passwort und Notfallcodes als Sie angemeldet. Ihre zweiten Faktoren wurden entfernt, Ihre Sitzungen sind beendet, und die Codes gelten nicht mehr."
	case BreakGlassOther:
		return "Jemand hat sich als " + f.Whom + ", Hauptadministrator von " + f.Name + ", mit Passwort und Notfallcodes angemeldet. Die zweiten Faktoren von vorher wurden entfernt."
	case EmailChanged:
		return "Die E-Mail-Adresse Ihres Benutzers wurde geändert. Nachrichten gehen nun an die neue Adresse."
	case RolesChanged:
		if len(f.Roles) == 0 {
			return "Ihre Rollen wurden geändert. Sie haben nun keine."
		}
		return "Ihre Rollen wurden geändert. Sie haben nun: " + strings.Join(f.Roles, ", ") + "."
	case EntryChanged:
		return "Es wurde geändert, von wo oder auf welchen Wegen Sie hereinkommen."
	case LinkIssued:
		return "Es wurde ein Link oder Code erzeugt, mit dem sich für Sie ein neues Passwort wählen lässt."
	case SessionEnded:
		return "Eine Ihrer Sitzungen wurde beendet."
	case SessionsEnded:
		return "Alle Ihre Sitzungen wurden beendet."
	case NewAddress:
		return "Sie haben sich von einer neuen Adresse aus angemeldet."
	case KeyMade:
		return "Für Ihren Benutzer wurde der API-Schlüssel „" + f.Name + "“ angelegt. Programme, die ihn haben, können in Ihrem Namen tun, was er erlaubt."
	case KeyEnded:
		return "Der API-Schlüssel „" + f.Name + "“ Ihres Benutzers wurde beendet. Programme, die ihn noch benutzen, haben keinen Zugang mehr."
	case KeyEnding:
		return "Der API-Schlüssel „" + f.Name + "“ " + germanHolder(f) + " gilt bis zum Ende des Tages " + f.Day + " (UTC). Danach haben Programme, die ihn benutzen, keinen Zugang mehr."
	case KeyExpired:
		return "Der API-Schlüssel „" + f.Name + "“ " + germanHolder(f) + " ist mit dem Tag " + f.Day + " (UTC) abgelaufen. Programme, die ihn noch benutzen, haben keinen Zugang mehr."
	case ContactChanged:
		return "Die offizielle E-Mail-Adresse oder Mobilnummer Ihrer Organisation wurde geändert. Links, die den Admin-Benutzer einlassen, gehen an die neuen."
	case HandedOver:
		return "Der Admin-Benutzer Ihrer Organisation wurde an jemand anderen übergeben. Passwort, zweite Faktoren und Sitzungen der Person davor sind weg."
	case DeliveryChanged:
		return "Es wurde geändert, wie Links und Codes von dieser Installation verschickt werden: der Mailserver, das SMS-Gateway, ein Text oder die öffentliche Adresse."
	case ConsoleActed:
		return "Jemand an der Kommandozeile hat auf den Betreiber-Benutzer " + f.Whom + " eingewirkt: " + germanAct(f.Act) + "." + reason
	}
	return "An Ihrer Anmeldung wurde etwas geändert."
}

// germanAct is what was done to another operator.
func germanAct(k Kind) string {
	switch k {
	case FactorsReset:
		return "die zweiten Faktoren wurden entfernt"
	case LinkIssued:
		return "ein Link oder Code für ein neues Passwort wurde erzeugt"
	case EmailChanged:
		return "die E-Mail-Adresse wurde geändert"
	case RolesChanged:
		return "die Rollen wurden geändert"
	case FactorDemanded:
		return "2-Faktor-Authentifizierung wurde verlangt"
	case EntryChanged:
		return "die Wege herein wurden geändert"
	case SessionEnded, SessionsEnded:
		return "Sitzungen wurden beendet"
	case HelpDeclined:
		return "eine Bitte um Hilfe wurde geschlossen"
	case HelpAsked, PasswordChanged, PasswordReset, FactorAdded, FactorRemoved, SecurityKeyAdded, SecurityKeyRemoved, FactorsOff, CodesReplaced, CodesLow, BreakGlassMade, BreakGlassOff, BreakGlassUsed, BreakGlassOther, NewAddress, KeyMade, KeyEnded, KeyEnding, KeyExpired, ContactChanged, HandedOver, DeliveryChanged, ConsoleActed:
	}
	return "die Anmeldung wurde geändert"
}

// germanHolder is whose key it is.
func germanHolder(f Facts) string {
	if f.Whom == "" {
		return "Ihres Benutzers"
	}
	return "des Dienstbenutzers " + f.Whom + ", für den Sie verantwortlich sind,"
}

func germanAdvice(n Notice) string {
	switch {
	case n.Kind == ConsoleActed:
		return "Wenn niemand von den Betreibern davon weiß, finden Sie heraus, wer Zugang zu der Maschine und ihrem Schlüssel hat."
	case n.Kind == BreakGlassUsed:
		return "Wenn Sie das nicht waren, melden Sie es sofort dem Betreiber dieser Installation und fordern Sie bei der Anmeldung ein neues Passwort an. Wenn Sie es waren, richten Sie Ihre zweiten Faktoren ein und legen Sie neue Notfallcodes an."
	case n.Kind == BreakGlassOther:
		return "Bitte fragen Sie persönlich oder am Telefon nach, ob es wirklich diese Person war. Wenn nicht, melden Sie es sofort dem Betreiber dieser Installation."
	case n.Kind == CodesLow:
		return "Erzeugen Sie unter 2-Faktor-Authentifizierung neue Wiederherstellungscodes. Wenn Sie keinen benutzt haben, ändern Sie sofort Ihr Passwort und sagen Sie es Ihrem Administrator."
	case n.Kind == KeyEnding:
		return "Wenn ein Programm ihn braucht, erneuern Sie ihn unter API-Schlüssel und geben Sie dem Programm rechtzeitig den neuen; sonst löschen Sie ihn. Wenn Sie das nicht dürfen, fragen Sie Ihren Administrator."
	case n.Kind == KeyExpired:
		return "Wenn ein Programm ihn noch braucht, erzeugen Sie unter API-Schlüssel einen neuen; ein abgelaufener lässt sich nicht wiederherstellen. Wenn Sie das nicht dürfen, fragen Sie Ihren Administrator."
	case n.Kind == PasswordChanged, n.Kind == PasswordReset:
		return "Wenn Sie das nicht waren, sagen Sie es sofort Ihrem Administrator und bitten Sie bei der Anmeldung um ein neues Passwort."
	case n.Kind == EmailChanged && n.own():
		return "Wenn Sie das nicht waren, sagen Sie es sofort Ihrem Administrator: Wer es war, kann sich ein neues Passwort schicken lassen."
	case n.Kind == HelpAsked:
		return "Wenn Sie das nicht waren, kennt jemand Ihr Passwort: Melden Sie sich an, das beendet die Bitte, und ändern Sie es sofort."
	case n.Kind == LinkIssued:
		return "Ihr Passwort und Ihre zweiten Faktoren gelten weiter. Wenn Sie nicht darum gebeten haben, sagen Sie es sofort einem anderen Administrator."
	case n.Kind == ContactChanged, n.Kind == HandedOver:
		return "Wenn Sie oder Ihre Leute das nicht waren, sagen Sie es sofort dem Betreiber dieser Installation."
	case n.Kind == DeliveryChanged:
		return "Wenn Sie das nicht waren und niemand von den Betreibern davon weiß, sehen Sie sich sofort die Einstellungen an: wer es war, kann sich Links selbst schicken lassen."
	case n.own():
		return "Wenn Sie das nicht waren, ändern Sie sofort Ihr Passwort, beenden Sie Ihre anderen Sitzungen und sagen Sie es Ihrem Administrator."
	}
	return "Wenn Sie das nicht erwartet haben, fragen Sie Ihren Administrator."
}
