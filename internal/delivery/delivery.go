// Package delivery writes and sends the messages of an installation: mail by
// SMTP, SMS by a gateway that speaks HTTP. It knows the kinds of messages there
// are, their texts by language, and how to say in plain words why one was not
// taken. It knows no SQL and nothing of who may send what; what waits to be
// sent is kept by package store, and taken to here by package ops.
package delivery

import (
	"encoding/base64"
	"html"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/internal/field"
	"gatehouse/internal/secret"
)

// Channel is the way a message goes.
type Channel string

// The channels.
const (
	Mail Channel = "mail"
	SMS  Channel = "sms"
)

// Kind of a message: what it is about.
type Kind string

// The kinds.
const (
	Activation  Kind = "activation"   // the link with which somebody new chooses a password
	Opening     Kind = "opening"      // the same for the admin user of a new account, at its official address; the login goes by SMS
	NewPassword Kind = "new_password" // the same for somebody who forgot it
	LoginBySMS  Kind = "login_by_sms" // the login, by another channel than the link
	CallerCode  Kind = "caller_code"  // by SMS: what a caller reads out to prove who they are
	NoticeBySMS Kind = "notice_sms"   // the most important of notices
	Notice      Kind = "notice"       // something happened to your access
	KeyEnd      Kind = "key_end"      // an API key ends soon, or has ended
	Test        Kind = "test"         // does the mail server take it?
	TestSMS     Kind = "test_sms"     // does the gateway?
)

// Placeholder is a word in curly brackets that stands for something of the
// message. A text without one that is required would be of no use to anybody.
type Placeholder struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`

	example string
}

// Form is what a kind of message is made of.
type Form struct {
	Kind         Kind
	Channel      Channel
	Placeholders []Placeholder

	letsIn bool // with a link: of no use when that is dead
}

// Forms of every kind, in the order in which people see them.
func Forms() []Form {
	link := Placeholder{"link", true, "https://gate.example.com/#/activate?t=EXAMPLE"}
	about := []Placeholder{
		{"name", false, "Anna Peeters"},
		{"login", false, "anna"},
		{"organisation", false, "Harbour Domains"},
		{"support", false, "support@harbour.example, +32 2 123 45 67"},
	}
	with := func(more ...Placeholder) []Placeholder { return append(slices.Clone(about), more...) }
	expires := Placeholder{"expires", false, "2026-03-15 09:26 UTC"}
	return []Form{
		{Activation, Mail, with(link, expires), true},
		{Opening, Mail, []Placeholder{about[0], about[2], about[3], link, expires}, true},
		{NewPassword, Mail, with(link, expires), true},
		{Notice, Mail, with(
			Placeholder{"what", true, "A second factor was added."}, Placeholder{"when", false, "2026-03-14 09:26 UTC"}, Placeholder{"where", false, "192.0.2.7"},
			Placeholder{"who", false, "somebody signed in as you"}, Placeholder{"advice", false, "If this was not you, change your password at once."},
		), false},
		{KeyEnd, Mail, with(
			Placeholder{"what", true, "The API key “Billing” of your user works until the end of 2026-03-28 (UTC). After that, programs that use it have no access."},
			Placeholder{"key", false, "Billing"}, Placeholder{"day", false, "2026-03-28"},
			Placeholder{"advice", false, "If a program needs it, rotate it under API keys and give the program the new one in time; if none does, delete it."},
		), false},
		{Test, Mail, about[2:], false},
		{LoginBySMS, SMS, []Placeholder{{"login", true, "anna"}, about[2]}, true},
		{CallerCode, SMS, []Placeholder{{"code", true, "1234 5678"}, {"operator", false, "Harbour Registry"}, about[2], about[3]}, false},
		{NoticeBySMS, SMS, []Placeholder{{"what", true, "Your second factors were removed."}, about[2], about[3]}, false},
		{TestSMS, SMS, about[2:3], false},
	}
}

// LetIn are the kinds that let somebody in with a link, or go with one that
// does: none is of use when the link is dead.
func LetIn() (kinds []Kind) {
	for _, f := range Forms() {
		if f.letsIn {
			kinds = append(kinds, f.Kind)
		}
	}
	return kinds
}

// FormOf a kind; false when there is no such kind.
func FormOf(k Kind) (Form, bool) {
	all := Forms()
	if i := slices.IndexFunc(all, func(f Form) bool { return f.Kind == k }); i >= 0 {
		return all[i], true
	}
	return Form{}, false
}

// Examples are values for a preview.
func (f Form) Examples() Values {
	v := Values{}
	for _, p := range f.Placeholders {
		v[p.Name] = p.example
	}
	return v
}

// Message is one that is written and can be sent any number of times: its id
// is fixed, so that whoever gets it twice can tell.
type Message struct {
	Channel Channel
	ID      string // Message-ID without brackets; of an SMS a reference
	To      string // address or number
	Name    string // of the person, for mail
	Subject string
	Text    string
	Date    time.Time

	// Hidden are parts of the text that nobody but the recipient may see, also
	// when a server repeats them in its answer.
	Hidden []secret.Text
}

// scrub makes what a server said fit to be kept and shown: one line of at most
// 300 characters, without what the message hides, as it is or as requests write
// it.
func scrub(said string, hidden ...secret.Text) string {
	for _, h := range hidden {
		text := h.Reveal()
		_, token, _ := strings.Cut(text, "?t=")
		for _, part := range []string{text, token} {
			for _, written := range []string{part, url.QueryEscape(part), url.PathEscape(part), jsonText(part), html.EscapeString(part), base64.StdEncoding.EncodeToString([]byte(part))} {
				if utf8.RuneCountInString(written) >= 4 {
					said = strings.ReplaceAll(said, written, secret.Mask)
				}
			}
		}
	}
	return field.Printable(strings.Join(strings.Fields(said), " "), 300)
}
