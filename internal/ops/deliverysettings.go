package ops

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"gatehouse/internal/activity"
	"gatehouse/internal/delivery"
	"gatehouse/internal/field"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
	"gatehouse/internal/vault"
)

// Names of the settings.
const (
	mailSetting = "mail"
	smsSetting  = "sms"
)

// keptMail is how the settings of mail are kept: the password sealed, for
// where it may go and nowhere else.
type keptMail struct {
	Host     string            `json:"host"`
	Port     int               `json:"port"`
	Security delivery.Security `json:"security"`
	Username string            `json:"username"`
	Password string            `json:"password"`
	From     string            `json:"from"`
	FromName string            `json:"fromName"`
	CAFile   string            `json:"caFile"`
}

// keptSMS is how the settings of SMS are kept.
type keptSMS struct {
	URL      string            `json:"url"`
	Method   string            `json:"method"`
	BodyType delivery.BodyType `json:"bodyType"`
	Headers  []string          `json:"headers"`
	Body     string            `json:"body"`
	Expect   int               `json:"expect"`
	Secret   string            `json:"secret"`
}

func (k keptMail) server() delivery.MailServer {
	return delivery.MailServer{
		Host: k.Host, Port: k.Port, Security: k.Security, Username: k.Username, From: k.From, FromName: k.FromName, CAFile: k.CAFile,
	}
}

func (k keptSMS) gateway() delivery.Gateway {
	return delivery.Gateway{URL: k.URL, Method: k.Method, BodyType: k.BodyType, Headers: k.Headers, Body: k.Body, Expect: k.Expect}
}

// credentialPlace binds a credential to where it may be sent: whoever edits the
// database to name another server gets nothing that can be opened.
func credentialPlace(setting, target string) vault.Place {
	return vault.Place{Table: "settings", Column: "value", Row: setting + " for " + target}
}

// kept reads a setting that is kept as JSON; false when it was never set.
func kept[T any](tx store.ReadTx, name string) (v T, ok bool, err error) {
	text, err := tx.Setting(name)
	if errors.Is(err, store.ErrNotFound) || err == nil && text == "" {
		return v, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &v)
	}
	if err != nil {
		return v, false, fmt.Errorf("read the setting %s: %w", name, err)
	}
	return v, true, nil
}

func keep(tx store.WriteTx, name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the setting %s: %w", name, err)
	}
	if err := tx.PutSetting(name, string(text)); err != nil {
		return fmt.Errorf("keep the setting %s: %w", name, err)
	}
	return nil
}

// credential that a setting keeps sealed for a target; empty when there is none.
func (o *Operations) credential(setting, target, sealed string) (secret.Text, error) {
	if sealed == "" {
		return secret.Text{}, nil
	}
	plain, err := o.deps.Vault.Open(credentialPlace(setting, target), sealed)
	if err != nil {
		return secret.Text{}, err
	}
	return secret.New(string(plain)), nil
}

// mailServer with its password; nil when mail is not set up.
func (o *Operations) mailServer(tx store.ReadTx) (*delivery.MailServer, error) {
	k, ok, err := kept[keptMail](tx, mailSetting)
	if err != nil || !ok {
		return nil, err
	}
	s := k.server()
	s.Password, err = o.credential(mailSetting, s.Target(), k.Password)
	return &s, err
}

// smsGateway with its secret; nil when SMS is not set up.
func (o *Operations) smsGateway(tx store.ReadTx) (*delivery.Gateway, error) {
	k, ok, err := kept[keptSMS](tx, smsSetting)
	if err != nil || !ok {
		return nil, err
	}
	g := k.gateway()
	g.Secret, err = o.credential(smsSetting, g.Target(), k.Secret)
	return &g, err
}

// updated replaces what is given.
func updated[T any](given *T, to *T) {
	if given != nil {
		*to = *given
	}
}

// apply makes of what is kept what shall be, and notes what is wrong and what
// changed.
func (in UpdateMailInput) apply(o *Operations, form *field.Form, before keptMail) (keptMail, activity.Detail) {
	k := before
	if k.Port == 0 {
		k.Port, k.Security = 587, delivery.StartTLS
	}
	updated(in.Host, &k.Host)
	updated(in.Port, &k.Port)
	updated(in.Security, &k.Security)
	updated(in.Username, &k.Username)
	updated(in.CAFile, &k.CAFile)
	k.Username, k.CAFile = strings.TrimSpace(k.Username), strings.TrimSpace(k.CAFile)
	updated(in.From, &k.From)
	updated(in.FromName, &k.FromName)
	k.Host = field.Read(form, "host", parseHost, k.Host)
	if k.Port < 1 || k.Port > 65535 {
		form.Add("port", field.Wrong(problem.BadFormat, "A port is a number from 1 to 65535; most mail servers use 587 or 465."))
	}
	switch k.Security {
	case delivery.StartTLS, delivery.ImplicitTLS:
	case delivery.Plain:
		if k.Host != "" && !delivery.Local(k.Host) {
			form.Add("security", field.Wrong(problem.NotAllowed, "Without encryption, mail goes to this machine only (localhost)."))
		}
		if k.Username != "" {
			form.Add("username", field.Wrong(problem.NotAllowed, "A password is only sent over an encrypted connection. Please leave the user name empty, or choose TLS."))
		}
	default:
		form.Add("security", field.Wrong(problem.Unknown, "Please choose starttls, tls or none."))
	}
	if k.Username != "" {
		k.Username = field.Read(form, "username", field.Text(200), k.Username)
	}
	k.From = string(field.Read(form, "from", user.ParseEmail, k.From))
	k.FromName = field.Optional(form, "fromName", field.Text(120), k.FromName)
	if k.CAFile != "" {
		k.CAFile = field.Read(form, "caFile", parseCAFile, k.CAFile)
	}
	k.Password = o.keepCredential(form, "password", mailSetting, k.Username != "", in.Password, held{before.Password, before.server().Target()}, k.server().Target())
	changed := activity.Detail{}
	note(changed, "host", before.Host, k.Host)
	note(changed, "port", before.Port, k.Port)
	note(changed, "security", before.Security, k.Security)
	note(changed, "username", before.Username, k.Username)
	note(changed, "from", before.From, k.From)
	note(changed, "fromName", before.FromName, k.FromName)
	note(changed, "caFile", before.CAFile, k.CAFile)
	if before.Password != k.Password {
		changed["password"] = "changed"
	}
	return k, changed
}

// held is a credential that is kept, and where it may go.
type held struct{ sealed, target string }

// keepCredential seals a new credential, or goes on with the one there is, if
// it would go where it was meant for.
func (o *Operations) keepCredential(form *field.Form, name, setting string, needed bool, given secret.Text, before held, target string) string {
	switch {
	case !needed:
		if !given.IsZero() {
			form.Add(name, field.Wrong(problem.NotAllowed, "Nothing here uses it; please leave it empty."))
		}
		return ""
	case !given.IsZero():
		if text := given.Reveal(); field.Clean(text) != nil || len(text) > 1000 {
			form.Add(name, field.Wrong(problem.BadText, "This contains characters that cannot be sent, or is too long; please type it again."))
			return ""
		}
		return o.deps.Vault.Seal(credentialPlace(setting, target), []byte(given.Reveal()))
	case before.sealed == "":
		form.Add(name, field.Missing())
	case before.target != target:
		form.Add(name, field.Wrong(problem.Required, "It would now go to another place than it was given for. Please type it again."))
	default:
		return before.sealed
	}
	return ""
}

// apply makes of what is kept what shall be, and notes what is wrong and what
// changed.
func (in UpdateSMSInput) apply(o *Operations, form *field.Form, before keptSMS) (keptSMS, activity.Detail) {
	k := before
	if k.Method == "" {
		k.Method, k.BodyType = "POST", delivery.JSONBody
	}
	updated(in.URL, &k.URL)
	updated(in.Method, &k.Method)
	updated(in.BodyType, &k.BodyType)
	updated(in.Body, &k.Body)
	updated(in.Expect, &k.Expect)
	if in.Headers != nil {
		k.Headers = in.Headers
	}
	g := delivery.ParseGateway(form, k.gateway())
	sealed := k.Secret
	k = keptSMS{URL: g.URL, Method: g.Method, BodyType: g.BodyType, Headers: g.Headers, Body: g.Body, Expect: g.Expect}
	uses := strings.Contains(g.URL+g.Body+strings.Join(g.Headers, ""), "{secret}")
	k.Secret = o.keepCredential(form, "secret", smsSetting, uses, in.Secret, held{sealed, before.gateway().Target()}, g.Target())
	changed := activity.Detail{}
	note(changed, "url", before.URL, k.URL)
	note(changed, "method", before.Method, k.Method)
	note(changed, "bodyType", before.BodyType, k.BodyType)
	note(changed, "body", before.Body, k.Body)
	note(changed, "expect", before.Expect, k.Expect)
	if !slices.Equal(before.Headers, k.Headers) {
		changed["headers"] = "changed" // some people write a key into them
	}
	if before.Secret != k.Secret {
		changed["secret"] = "changed"
	}
	return k, changed
}

// parseHost reads the name or IP address of a server.
func parseHost(raw string) (string, *field.Error) {
	raw = strings.ToLower(strings.TrimSpace(raw))
	bad := field.Wrong(problem.BadFormat, "This is not the name of a server, such as mail.example.com.")
	switch {
	case raw == "":
		return "", field.Missing()
	case field.Clean(raw) != nil:
		return "", field.Clean(raw)
	case net.ParseIP(raw) != nil:
		return raw, nil
	case strings.ContainsAny(raw, ":/@[] "), len(raw) > 253:
		return "", bad
	}
	name, err := idna.Lookup.ToASCII(raw)
	if err != nil || name == "" {
		return "", bad
	}
	return name, nil
}

// parseCAFile reads the path of a file with certificates.
func parseCAFile(raw string) (string, *field.Error) {
	if err := field.Clean(raw); err != nil {
		return "", err
	}
	if _, err := delivery.Authorities(raw); err != nil || !filepath.IsAbs(raw) {
		return "", field.Wrong(problem.Unknown, "There is no such file with certificates on the machine that Gatehouse runs on. Please give the whole path of a PEM file of at most 256 KiB.")
	}
	return raw, nil
}
