package ops_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/delivery"
	"gatehouse/internal/delivery/deliverytest"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/user"
)

func mailInput() ops.UpdateMailInput {
	return ops.UpdateMailInput{
		Host: new("Mail.Example.com "), Port: new(587), Security: new(delivery.StartTLS), Username: new("gate"), Password: secret.New(mailPassword),
		From: new("gate@harbour.example"), FromName: new("Harbour Gate"),
	}
}

// Every language that people can choose has texts.
func TestDelivery_languages(t *testing.T) {
	var want []string
	for _, l := range user.Languages() {
		want = append(want, string(l))
	}
	if diff := cmp.Diff(want, delivery.Languages()); diff != "" {
		t.Errorf("(-users +texts):\n%s", diff)
	}
}

func TestDelivery_UpdateMail(t *testing.T) {
	w := newTown(t)
	root := opstest.Console("")
	got := opstest.Must(w.Place, root, w.Ops.Delivery.UpdateMail, mailInput())
	want := ops.MailSettings{
		SetUp: true, Host: "mail.example.com", Port: 587, Security: "starttls", Username: "gate", PasswordSet: true, From: "gate@harbour.example", FromName: "Harbour Gate",
	}
	if diff := cmp.Diff(want, got.Mail); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r := w.LastRecord(); r.Detail["password"] != "changed" {
		t.Errorf("the log says %v", r.Detail)
	}
	if in := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Installation.Show, ops.None{}); !in.MailsLinks {
		t.Error("the page does not know that links are mailed")
	}

	// A saved password goes nowhere that it was not given for.
	for name, in := range map[string]ops.UpdateMailInput{
		"host":     {Host: new("mail.example.org")},
		"port":     {Port: new(588)},
		"security": {Security: new(delivery.ImplicitTLS)},
		"username": {Username: new("eve")},
	} {
		_, err := opstest.Do(w.Place, root, w.Ops.Delivery.UpdateMail, in)
		if diff := cmp.Diff([]string{"password:required"}, opstest.Violations(err)); diff != "" {
			t.Errorf("another %s, without the password (-want +got):\n%s", name, diff)
		}
	}
	again := opstest.Must(w.Place, root, w.Ops.Delivery.UpdateMail, ops.UpdateMailInput{FromName: new("Gate")})
	if !again.Mail.PasswordSet || again.Mail.FromName != "Gate" {
		t.Errorf("another name: %+v", again.Mail)
	}
	if gone := opstest.Must(w.Place, root, w.Ops.Delivery.UpdateMail, ops.UpdateMailInput{Off: true}); gone.Mail.SetUp || gone.Mail.PasswordSet || gone.Mail.Host != "" {
		t.Errorf("after switching off: %+v", gone.Mail)
	}
}

// Everything that is wrong is said at once, and nothing changes.
func TestDelivery_UpdateMail_refused(t *testing.T) {
	for name, c := range map[string]struct {
		with func(*ops.UpdateMailInput)
		want []string
	}{
		"nothing": {func(in *ops.UpdateMailInput) { *in = ops.UpdateMailInput{} }, []string{"host:required", "from:required"}},
		"everything": {func(in *ops.UpdateMailInput) {
			*in = ops.UpdateMailInput{Host: new("a b"), Port: new(0), Security: new(delivery.Security("ssl")), Username: new("x\r\ny"), From: new("me"), FromName: new("a\nb"), CAFile: new("ca.pem")}
		}, []string{"host:bad_format", "port:bad_format", "security:unknown", "username:bad_text", "from:bad_format", "fromName:bad_text", "caFile:unknown"}},
		"an address as host": {func(in *ops.UpdateMailInput) { in.Host = new("https://mail.example.com/") }, []string{"host:bad_format"}},
		"none to elsewhere": {func(in *ops.UpdateMailInput) {
			in.Security, in.Username, in.Password = new(delivery.Plain), new(""), secret.Text{}
		}, []string{"security:not_allowed"}},
		"none, with password":  {func(in *ops.UpdateMailInput) { in.Host, in.Security = new("localhost"), new(delivery.Plain) }, []string{"username:not_allowed"}},
		"password for nothing": {func(in *ops.UpdateMailInput) { in.Username = new("") }, []string{"password:not_allowed"}},
		"a hostile password":   {func(in *ops.UpdateMailInput) { in.Password = secret.New("a\r\nRSET") }, []string{"password:bad_text"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			in := mailInput()
			c.with(&in)
			_, err := opstest.Do(w.Place, opstest.Console(""), w.Ops.Delivery.UpdateMail, in)
			if diff := cmp.Diff(c.want, opstest.Violations(err)); diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if n := w.Count(`SELECT COUNT(*) FROM settings`); n != 0 {
				t.Errorf("%d settings were kept", n)
			}
		})
	}
}

// Somebody who can write to the database and does not have the key names a
// server of their own: the password does not go there.
func TestDelivery_serverInDatabaseEdited(t *testing.T) {
	theirs, ours := deliverytest.New(t, deliverytest.Options{Password: mailPassword}), deliverytest.New(t, deliverytest.Options{Password: mailPassword})
	w := newTown(t)
	w.connect(ours)
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("noor"))
	w.Exec(`UPDATE settings SET value = replace(replace(value, $1, $2), $3, $4) WHERE name = 'mail'`, itoa(ours.Port), itoa(theirs.Port), ours.CAFile, theirs.CAFile)
	w.round()
	if m := w.messages(w.otter)[0]; m.State != "failed" || m.Cause != delivery.NotSetUp {
		t.Errorf("the message is %s, %s", m.State, m.Cause)
	}
	if theirs.Heard() != "" {
		t.Errorf("their server heard %q", theirs.Heard())
	}
}

func TestDelivery_TestMail(t *testing.T) {
	w := newTown(t)
	root := opstest.Console("")
	opstest.Refused(w.Place, root, w.Ops.Delivery.TestMail, ops.TestInput{To: "anna@harbour.example"}, problem.Conflict)
	box := deliverytest.New(t, deliverytest.Options{Password: mailPassword})
	w.connect(box)
	boss := w.somebody(w.harbour, opstest.Member{Role: "Admin"})
	if got := opstest.Must(w.Place, boss.Caller(), w.Ops.Delivery.TestMail, ops.TestInput{To: "anna@harbour.example"}); !got.Taken {
		t.Errorf("got %+v", got)
	}
	m := box.Wait(1)[0]
	if m.To != "anna@harbour.example" || !strings.Contains(m.Header.Get("Subject"), "Harbour Domains") {
		t.Errorf("came: to %s, %s", m.To, m.Header.Get("Subject"))
	}
	opstest.Must(w.Place, root, w.Ops.Delivery.UpdateMail, ops.UpdateMailInput{Password: secret.New("wrong")})
	got := opstest.Must(w.Place, root, w.Ops.Delivery.TestMail, ops.TestInput{To: "anna@harbour.example"})
	if got.Taken || got.Cause != delivery.LoginRefused || !strings.Contains(got.Detail, "refuses the user name or password") || !strings.Contains(got.Said, "535") {
		t.Errorf("with a wrong password: %+v", got)
	}
	if r := w.LastRecord(); r.Event != "delivery.mail_tested" || r.Detail["taken"] != false {
		t.Errorf("the log says %+v", r)
	}
	_, err := opstest.Do(w.Place, root, w.Ops.Delivery.TestMail, ops.TestInput{To: "a\r\nBcc: b@c.example"})
	if diff := cmp.Diff([]string{"to:bad_text"}, opstest.Violations(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDelivery_SMS(t *testing.T) {
	w := newTown(t)
	root := opstest.Console("")
	status := 200
	gateway := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != "canary key" {
			rw.WriteHeader(401)
			return
		}
		rw.WriteHeader(status)
	}))
	t.Cleanup(gateway.Close)
	in := ops.UpdateSMSInput{URL: new(gateway.URL), BodyType: new(delivery.FormBody), Body: new("to={to}&text={text}"), Headers: []string{"X-Api-Key: {secret}"}, Secret: secret.New("canary key")}
	d := opstest.Must(w.Place, root, w.Ops.Delivery.UpdateSMS, in)
	if !d.SMS.SetUp || !d.SMS.SecretSet || d.SMS.Method != "POST" {
		t.Errorf("got %+v", d.SMS)
	}
	test := ops.TestInput{To: "0032 470 12 34 56"}
	if got := opstest.Must(w.Place, root, w.Ops.Delivery.TestSMS, test); !got.Taken {
		t.Errorf("got %+v", got)
	}
	status = 500
	if got := opstest.Must(w.Place, root, w.Ops.Delivery.TestSMS, test); got.Taken || got.Cause != delivery.Busy {
		t.Errorf("got %+v", got)
	}
	_, err := opstest.Do(w.Place, root, w.Ops.Delivery.UpdateSMS, ops.UpdateSMSInput{URL: new("https://elsewhere.example/{to}")})
	if diff := cmp.Diff([]string{"secret:required"}, opstest.Violations(err)); diff != "" {
		t.Errorf("another server without the secret (-want +got):\n%s", diff)
	}
	opstest.Must(w.Place, root, w.Ops.Delivery.UpdateSMS, ops.UpdateSMSInput{URL: new(gateway.URL + "/other"), Secret: secret.New("canary key")})
}

func TestTemplates(t *testing.T) {
	w := newTown(t)
	root := opstest.Console("")
	one := ops.TemplateID{Kind: delivery.Activation, Language: "de"}
	if n := len(opstest.Must(w.Place, root, w.Ops.Templates.List, ops.TemplateList{}).Entities); n != len(delivery.Forms())*2 {
		t.Errorf("%d texts", n)
	}
	ours := ops.TemplateInput{Kind: one.Kind, Language: one.Language, Subject: "Willkommen, {name}", Text: "Hier entlang: {link}"}
	preview := opstest.Must(w.Place, root, w.Ops.Templates.Preview, ours)
	if preview.Subject != "Willkommen, Anna Peeters" || !strings.Contains(preview.Text, "https://") {
		t.Errorf("got %+v", preview)
	}
	if shown := opstest.Must(w.Place, root, w.Ops.Templates.Show, one); shown.Changed {
		t.Error("a preview changed something")
	}
	if got := opstest.Must(w.Place, root, w.Ops.Templates.Update, ours); !got.Changed || got.Subject != ours.Subject {
		t.Errorf("got %+v", got)
	}
	box := deliverytest.New(t, deliverytest.Options{Password: mailPassword})
	w.connect(box)
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("noor"))
	w.round()
	if got := box.Wait(1)[0].Header.Get("Subject"); got != "Willkommen, Noor Nieuw" {
		t.Errorf("it came with the subject %q", got)
	}
	if got := opstest.Must(w.Place, root, w.Ops.Templates.Reset, one); got.Changed {
		t.Errorf("got %+v", got)
	}
	bad := ours
	bad.Subject, bad.Text = "{link}", "nothing {pin}"
	for _, o := range []func() error{
		func() error { _, err := opstest.Do(w.Place, root, w.Ops.Templates.Update, bad); return err },
		func() error { _, err := opstest.Do(w.Place, root, w.Ops.Templates.Preview, bad); return err },
	} {
		if diff := cmp.Diff([]string{"subject:placeholder_unknown", "text:placeholder_unknown", "text:placeholder_missing"}, opstest.Violations(o())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	opstest.Refused(w.Place, root, w.Ops.Templates.Show, ops.TemplateID{Kind: "spam", Language: "de"}, problem.NotFound)
	opstest.Refused(w.Place, root, w.Ops.Templates.Reset, ops.TemplateID{Kind: "activation", Language: "fr"}, problem.NotFound)
}
