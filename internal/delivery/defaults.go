package delivery

// Languages that there are texts for. A test of package ops compares them with
// those that users can choose.
func Languages() []string { return []string{"en", "de"} }

// Default text of a kind in a language; in English where there is none.
func Default(k Kind, language string) Template {
	if t, ok := defaults(language)[k]; ok {
		return t
	}
	return defaults("en")[k]
}

func defaults(language string) map[Kind]Template {
	if language == "de" {
		return german()
	}
	return english()
}

func english() map[Kind]Template {
	return map[Kind]Template{
		Activation: {
			"Your access to {organisation}",
			`Hello {name},

you have been given access to {organisation}. Your login is: {login}

Please choose your password here:

{link}

The link works once, until {expires}. If you did not expect this mail, you can ignore it: nothing happens without you.

Questions? {support}`,
		},
		Opening: {
			"The account of {organisation} is open",
			`Hello {name},

an account was opened for {organisation}, and you are its admin user. Please choose your password here:

{link}

The link works once, until {expires}. Your login comes by SMS to your mobile number; you need both.

If you did not expect this mail, you can ignore it: nothing happens without you.

Questions? {support}`,
		},
		NewPassword: {
			"A new password for {organisation}",
			`Hello {name},

please choose a new password for your login {login} here:

{link}

The link works once, until {expires}. If you did not ask for it, please tell your administrator. Your old password works until you choose a new one.

Questions? {support}`,
		},
		Notice: {
			"Your access to {organisation}: please take note",
			`Hello {name},

this concerns your access to {organisation} (login {login}):

{what}

When: {when}
By: {who}
From: {where}

{advice}

Questions? {support}`,
		},
		KeyEnd: {
			"API key “{key}” for {organisation}: {day} is its last day",
			`Hello {name},

{what}

{advice}

Questions? {support}`,
		},
		Test: {
			"Test mail from {organisation}",
			`This is a test: Gatehouse can send mail for {organisation}.

There is nothing to do.`,
		},
		LoginBySMS:  {"", "{organisation}: your login is {login}. The link to choose your password comes by mail."},
		CallerCode:  {"", "{code} is your code for {operator}. Read it out only if you are on the telephone with their support because you cannot sign in to {organisation}. Else tell nobody."},
		NoticeBySMS: {"", "{organisation}: {what} Not you? {support}"},
		TestSMS:     {"", "{organisation}: this is a test. Gatehouse can send SMS."},
	}
}

func german() map[Kind]Template {
	return map[Kind]Template{
		Activation: {
			"Ihr Zugang zu {organisation}",
			`Guten Tag {name},

für Sie wurde ein Zugang zu {organisation} angelegt. Ihr Benutzername ist: {login}

Bitte wählen Sie hier Ihr Passwort:

{link}

Der Link gilt einmal, bis {expires}. Falls Sie diese E-Mail nicht erwartet haben, können Sie sie ignorieren: Ohne Sie geschieht nichts.

Fragen? {support}`,
		},
		Opening: {
			"Das Konto von {organisation} ist eröffnet",
			`Guten Tag {name},

für {organisation} wurde ein Konto eröffnet, und Sie sind dessen Hauptadministrator. Bitte wählen Sie hier Ihr Passwort:

{link}

Der Link gilt einmal, bis {expires}. Ihr Benutzername kommt per SMS an Ihre Mobilnummer; Sie brauchen beides.

Wenn Sie diese E-Mail nicht erwartet haben, können Sie sie übergehen: Ohne Sie geschieht nichts.

Fragen? {support}`,
		},
		NewPassword: {
			"Ein neues Passwort für {organisation}",
			`Guten Tag {name},

bitte wählen Sie hier ein neues Passwort für Ihren Benutzernamen {login}:

{link}

Der Link gilt einmal, bis {expires}. Falls Sie nicht darum gebeten haben, sagen Sie es bitte Ihrem Administrator. Ihr altes Passwort gilt, bis Sie ein neues wählen.

Fragen? {support}`,
		},
		Notice: {
			"Ihr Zugang zu {organisation}: bitte beachten",
			`Guten Tag {name},

es geht um Ihren Zugang zu {organisation} (Benutzername {login}):

{what}

Wann: {when}
Wer: {who}
Von wo: {where}

{advice}

Fragen? {support}`,
		},
		KeyEnd: {
			"API-Schlüssel „{key}“ für {organisation}: {day} ist sein letzter Tag",
			`Guten Tag {name},

{what}

{advice}

Fragen? {support}`,
		},
		Test: {
			"Testmail von {organisation}",
			`Dies ist ein Test: Gatehouse kann für {organisation} E-Mails senden.

Es ist nichts zu tun.`,
		},
		LoginBySMS:  {"", "{organisation}: Ihr Benutzername ist {login}. Der Link, mit dem Sie Ihr Passwort wählen, kommt per E-Mail."},
		CallerCode:  {"", "{code} ist Ihr Code für {operator}. Lesen Sie ihn nur vor, wenn Sie gerade mit dessen Support telefonieren, weil Sie sich bei {organisation} nicht anmelden können. Sonst sagen Sie ihn niemandem."},
		NoticeBySMS: {"", "{organisation}: {what} Nicht von Ihnen? {support}"},
		TestSMS:     {"", "{organisation}: Dies ist ein Test. Gatehouse kann SMS senden."},
	}
}
