package notice

import (
	"fmt"
	"strings"
)

func english(n Notice) Words {
	w := Words{
		What:  englishWhat(n),
		Where: n.where(map[string]string{"desk": "the Desk", "cli": "the command line"}),
	}
	switch n.By {
	case Oneself:
		w.Who = "somebody signed in as you"
		if n.Kind == PasswordReset {
			w.Who = "somebody with a link or code for you"
		} else if n.Kind == HelpAsked {
			w.Who = "somebody who knows your password"
		}
	case Colleague:
		w.Who = n.ByName
	case Console:
		w.Who = "the command line on the machine itself"
		if n.ByName != "" {
			w.Who += " (" + n.ByName + ")"
		}
	case Machine:
		w.Who = "Gatehouse itself"
	}
	w.Advice = englishAdvice(n)
	return w
}

func englishWhat(n Notice) string {
	f := n.Facts
	reason := ""
	if f.Reason != "" {
		reason = " Reason given: " + f.Reason
	}
	switch n.Kind {
	case PasswordChanged:
		return "Your password was changed. Your other sessions have ended."
	case PasswordReset:
		return "A new password was chosen for you with a link or code. All sessions have ended."
	case FactorAdded:
		if f.Name == "" {
			return "An authenticator app was added to your 2-factor authentication."
		}
		return "The authenticator app “" + f.Name + "” was added to your 2-factor authentication."
	case FactorRemoved:
		if f.Name == "" {
			return "An authenticator app was removed from your 2-factor authentication."
		}
		return "The authenticator app “" + f.Name + "” was removed from your 2-factor authentication."
	case SecurityKeyAdded:
		return "The security key “" + f.Name + "” was added to your 2-factor authentication."
	case SecurityKeyRemoved:
		return "The security key “" + f.Name + "” was removed from your 2-factor authentication."
	case FactorsOff:
		return "2-factor authentication was switched off. From now on your password alone is enough to sign in."
	case FactorsReset:
		return "Your second factors and recovery codes were removed. At your next sign-in you set up new ones." + reason
	case HelpAsked:
		return "Somebody with your password asked for help because they have none of your second factors. Nobody gets in by that."
	case HelpDeclined:
		return "The request for help with signing in as you was closed; your second factors are as before." + reason
	case FactorDemanded:
		return "2-factor authentication is required of you from now on."
	case CodesReplaced:
		return "You have new recovery codes. The old ones no longer work."
	case CodesLow:
		switch f.Left {
		case 0:
			return "A recovery code was used, and it was the last one."
		case 1:
			return "A recovery code was used. One is left."
		}
		return fmt.Sprintf("A recovery code was used. %d are left.", f.Left)
	case BreakGlassMade:
		return "New break-glass codes were made for you as the admin user. Older ones no longer work."
	case BreakGlassOff:
		return "Your break-glass codes were switched off. None of them works any more."
	case BreakGlassUsed:
		return "Somebody signed in as you with your password and break-glass codes. Your second factors were removed, your sessions have ended, and the codes no longer work."
	case BreakGlassOther:
		return "Somebody signed in as " + f.Whom + ", the admin user of " + f.Name + ", with password and break-glass codes. The second factors of before were removed."
	case EmailChanged:
		return "The e-mail address of your user was changed. Messages now go to the new address."
	case RolesChanged:
		if len(f.Roles) == 0 {
			return "Your roles were changed. You have none now."
		}
		return "Your roles were changed. You now have: " + strings.Join(f.Roles, ", ") + "."
	case EntryChanged:
		return "It was changed from where, or by which ways, you may come in."
	case LinkIssued:
		return "A link or code was made with which a new password can be chosen for you."
	case SessionEnded:
		return "One of your sessions was ended."
	case SessionsEnded:
		return "All your sessions were ended."
	case NewAddress:
		return "You signed in from a new address."
	case KeyMade:
		return "The API key “" + f.Name + "” was made for your user. Programs that hold it can do what it allows in your name."
	case KeyEnded:
		return "The API key “" + f.Name + "” of your user was ended. Programs that still use it no longer have access."
	case KeyEnding:
		return "The API key “" + f.Name + "” of " + englishHolder(f) + " works until the end of " + f.Day + " (UTC). After that, programs that use it have no access."
	case KeyExpired:
		return "The API key “" + f.Name + "” of " + englishHolder(f) + " ended with " + f.Day + " (UTC). Programs that still use it no longer have access."
	case ContactChanged:
		return "The official e-mail address or mobile number of your organisation was changed. Links that let its admin user in go to the new ones."
	case HandedOver:
		return "The admin user of your organisation was handed over to somebody else. Password, second factors and sessions of the person before are gone."
	case DeliveryChanged:
		return "It was changed how links and codes go out from this installation: the mail server, the SMS gateway, a text or the public address."
	case ConsoleActed:
		return "Somebody at the command line acted on the operator " + f.Whom + ": " + englishAct(f.Act) + "." + reason
	}
	return "Something about your sign-in was changed."
}

// englishHolder is whose key it is.
func englishHolder(f Facts) string {
	if f.Whom == "" {
		return "your user"
	}
	return "the service user " + f.Whom + ", for which you answer,"
}

// englishAct is what was done to another operator.
func englishAct(k Kind) string {
	switch k {
	case FactorsReset:
		return "the second factors were removed"
	case LinkIssued:
		return "a link or code for a new password was made"
	case EmailChanged:
		return "the e-mail address was changed"
	case RolesChanged:
		return "the roles were changed"
	case FactorDemanded:
		return "2-factor authentication was required"
	case EntryChanged:
		return "the ways to come in were changed"
	case SessionEnded, SessionsEnded:
		return "sessions were ended"
	case HelpDeclined:
		return "a request for help was closed"
	case HelpAsked, PasswordChanged, PasswordReset, FactorAdded, FactorRemoved, SecurityKeyAdded, SecurityKeyRemoved, FactorsOff, CodesReplaced, CodesLow, BreakGlassMade, BreakGlassOff, BreakGlassUsed, BreakGlassOther, NewAddress, KeyMade, KeyEnded, KeyEnding, KeyExpired, ContactChanged, HandedOver, DeliveryChanged, ConsoleActed:
	}
	return "the sign-in was changed"
}

func englishAdvice(n Notice) string {
	switch {
	case n.Kind == ConsoleActed:
		return "If none of the operators knows of this, find out who has access to the machine and its key."
	case n.Kind == BreakGlassUsed:
		return "If this was not you, tell the operator of this installation at once, and ask for a new password at the sign-in. If it was you, set up your second factors and make new break-glass codes."
	case n.Kind == BreakGlassOther:
		return "Please ask them, in person or by phone, whether it was really them. If not, tell the operator of this installation at once."
	case n.Kind == CodesLow:
		return "Make new recovery codes under 2-factor authentication. If you did not use one, change your password at once and tell your administrator."
	case n.Kind == KeyEnding:
		return "If a program needs it, rotate it under API keys and give the program the new one in time; if none does, delete it. If you may not, ask your administrator."
	case n.Kind == KeyExpired:
		return "If a program needs it still, make another one under API keys; an ended key does not come back. If you may not, ask your administrator."
	case n.Kind == PasswordChanged, n.Kind == PasswordReset:
		return "If this was not you, tell your administrator at once and ask for a new password at the sign-in."
	case n.Kind == EmailChanged && n.own():
		return "If this was not you, tell your administrator at once: whoever did it can have a new password mailed to them."
	case n.Kind == HelpAsked:
		return "If this was not you, somebody knows your password: sign in, which ends the request, and change it at once."
	case n.Kind == LinkIssued:
		return "Your password and second factors still work. If you did not ask for this, tell another administrator at once."
	case n.Kind == ContactChanged, n.Kind == HandedOver:
		return "If this was not you or one of yours, tell the operator of this installation at once."
	case n.Kind == DeliveryChanged:
		return "If this was not you and no operator knows of it, look at the settings at once: whoever did it can have links sent to themselves."
	case n.own():
		return "If this was not you, change your password at once, end your other sessions and tell your administrator."
	}
	return "If you did not expect this, ask your administrator."
}
