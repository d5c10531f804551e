package ops

import (
	"errors"
	"fmt"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/delivery"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// MailSettings are where mail is handed over. The password is never shown.
type MailSettings struct {
	SetUp       bool              `json:"setUp"`
	Host        string            `json:"host"`
	Port        int               `json:"port"`
	Security    delivery.Security `json:"security"` // starttls, tls or none
	Username    string            `json:"username"`
	PasswordSet bool              `json:"passwordSet"`
	From        string            `json:"from"`
	FromName    string            `json:"fromName"`
	CAFile      string            `json:"caFile"` // PEM, on the machine that sends; empty: the system's authorities
}

// SMSSettings are how an SMS is handed over. The secret is never shown.
type SMSSettings struct {
	SetUp     bool              `json:"setUp"`
	URL       string            `json:"url"`
	Method    string            `json:"method"`
	BodyType  delivery.BodyType `json:"bodyType"` // json, form or none
	Headers   []string          `json:"headers"`
	Body      string            `json:"body"`
	Expect    int               `json:"expect"` // status of success; 0: any from 200 to 299
	SecretSet bool              `json:"secretSet"`
}

// SMSExample is a gateway to begin with.
type SMSExample struct {
	Name     string            `json:"name"`
	URL      string            `json:"url"`
	Method   string            `json:"method"`
	BodyType delivery.BodyType `json:"bodyType"`
	Headers  []string          `json:"headers"`
	Body     string            `json:"body"`
}

// Unsent counts the messages of the whole installation that wait.
type Unsent struct {
	Waiting int `json:"waiting"`
	Sending int `json:"sending"`
	Failed  int `json:"failed"` // and will be tried again
}

// Delivery is how the installation sends mail and SMS.
type Delivery struct {
	Mail     MailSettings `json:"mail"`
	SMS      SMSSettings  `json:"sms"`
	Links    bool         `json:"links"` // there is an address that links can begin with
	Unsent   Unsent       `json:"unsent"`
	Examples []SMSExample `json:"examples" cli:"-"`
}

// UpdateMailInput is what shall become of mail; what is left out stays. Off
// forgets everything.
type UpdateMailInput struct {
	Off      bool               `json:"off,omitempty"`
	Host     *string            `json:"host,omitempty"`
	Port     *int               `json:"port,omitempty"`
	Security *delivery.Security `json:"security,omitempty"`
	Username *string            `json:"username,omitempty"`
	Password secret.Text        `json:"password,omitzero"` // asked for again when it would go elsewhere
	From     *string            `json:"from,omitempty"`
	FromName *string            `json:"fromName,omitempty"`
	CAFile   *string            `json:"caFile,omitempty"`
}

// UpdateSMSInput is what shall become of SMS; what is left out stays. Off
// forgets everything.
type UpdateSMSInput struct {
	Off      bool               `json:"off,omitempty"`
	URL      *string            `json:"url,omitempty"`
	Method   *string            `json:"method,omitempty"`
	BodyType *delivery.BodyType `json:"bodyType,omitempty"`
	Headers  []string           `json:"headers,omitempty"`
	Body     *string            `json:"body,omitempty"`
	Expect   *int               `json:"expect,omitempty"`
	Secret   secret.Text        `json:"secret,omitzero"` // asked for again when it would go elsewhere
}

// TestInput says where a test goes.
type TestInput struct {
	To string `json:"to"`
}

// TestResult is what came of a test.
type TestResult struct {
	Taken  bool           `json:"taken"`
	Cause  delivery.Cause `json:"cause,omitempty"` // when it was not
	Said   string         `json:"said,omitempty"`  // by the server
	Detail string         `json:"detail"`          // both, in words
}

type deliveryOps struct {
	Show       *op.Op[None, Delivery]
	UpdateMail *op.Op[UpdateMailInput, Delivery]
	UpdateSMS  *op.Op[UpdateSMSInput, Delivery]
	TestMail   *op.Op[TestInput, TestResult]
	TestSMS    *op.Op[TestInput, TestResult]
}

func (o *Operations) addDelivery() {
	rule := op.Holds(access.ManageInstallation).InPerson()
	all := rule.Fully().SteppedUp()
	o.Delivery.Show = op.Read(&o.table, op.Spec{
		Name: "delivery.show", Route: "GET /delivery",
		Summary: "How the installation sends mail and SMS, without passwords, and how much waits to be sent.",
	}, rule, func(r *op.Reading, _ None) (Delivery, error) { return o.showDelivery(r.Tx) })
	o.Delivery.UpdateMail = op.Write(&o.table, op.Spec{
		Name: "delivery.updateMail", Route: "PATCH /delivery/mail", Event: "delivery.mail_updated",
		Summary: "Change the mail server. Its password is asked for again when it would go to another server.",
	}, all, o.updateMail)
	o.Delivery.UpdateSMS = op.Write(&o.table, op.Spec{
		Name: "delivery.updateSms", Route: "PATCH /delivery/sms", Event: "delivery.sms_updated",
		Summary: "Change the SMS gateway. Its secret is asked for again when it would go to another server.",
	}, all, o.updateSMS)
	o.Delivery.TestMail = op.Write(&o.table, op.Spec{
		Name: "delivery.testMail", Route: "POST /delivery/mail/test", Event: "delivery.mail_tested",
		Summary: "Send a test mail now, and say what the server said.",
	}, rule.SteppedUp(), o.testMail)
	o.Delivery.TestSMS = op.Write(&o.table, op.Spec{
		Name: "delivery.testSms", Route: "POST /delivery/sms/test", Event: "delivery.sms_tested",
		Summary: "Send a test SMS now, and say what the gateway said.",
	}, rule.SteppedUp(), o.testSMS)
}

func (o *Operations) showDelivery(tx store.ReadTx) (d Delivery, err error) {
	m, ok, err := kept[keptMail](tx, mailSetting)
	if err != nil {
		return d, err
	}
	if !ok {
		m.Port, m.Security = 587, delivery.StartTLS
	}
	d.Mail = MailSettings{ok, m.Host, m.Port, m.Security, m.Username, m.Password != "", m.From, m.FromName, m.CAFile}
	s, ok, err := kept[keptSMS](tx, smsSetting)
	if err != nil {
		return d, err
	}
	if !ok {
		s.Method, s.BodyType = "POST", delivery.JSONBody
	}
	if s.Headers == nil {
		s.Headers = []string{}
	}
	d.SMS = SMSSettings{ok, s.URL, s.Method, s.BodyType, s.Headers, s.Body, s.Expect, s.Secret != ""}
	counts, err := tx.Unsent()
	if err != nil {
		return d, fmt.Errorf("count unsent messages: %w", err)
	}
	d.Unsent = Unsent{counts[store.MessageWaiting], counts[store.MessageSending], counts[store.MessageFailed]}
	for _, e := range delivery.GatewayExamples() {
		d.Examples = append(d.Examples, SMSExample{e.Name, e.URL, e.Method, e.BodyType, e.Headers, e.Body})
	}
	base, err := o.baseURL(tx)
	d.Links = base != ""
	return d, err
}

func (o *Operations) updateMail(p *op.Preparing, in UpdateMailInput) (op.Commit[Delivery], error) {
	p.After(o.wakeCourier) // what waits may go now
	return func(w *op.Writing[Delivery]) op.Outcome[Delivery] {
		before, _, err := kept[keptMail](w.Tx.ReadTx, mailSetting)
		if err != nil {
			return w.Fail(err)
		}
		if in.Off {
			return switchOff(o, w, mailSetting)
		}
		var form field.Form
		k, changed := in.apply(o, &form, before)
		if err := form.Err(); err != nil {
			return w.Fail(err)
		}
		return o.updatedDelivery(w, changed, keep(w.Tx, mailSetting, k))
	}, nil
}

func (o *Operations) updateSMS(p *op.Preparing, in UpdateSMSInput) (op.Commit[Delivery], error) {
	p.After(o.wakeCourier)
	return func(w *op.Writing[Delivery]) op.Outcome[Delivery] {
		before, _, err := kept[keptSMS](w.Tx.ReadTx, smsSetting)
		if err != nil {
			return w.Fail(err)
		}
		if in.Off {
			return switchOff(o, w, smsSetting)
		}
		var form field.Form
		k, changed := in.apply(o, &form, before)
		if err := form.Err(); err != nil {
			return w.Fail(err)
		}
		return o.updatedDelivery(w, changed, keep(w.Tx, smsSetting, k))
	}, nil
}

func switchOff(o *Operations, w *op.Writing[Delivery], setting string) op.Outcome[Delivery] {
	return o.updatedDelivery(w, activity.Detail{"off": true}, w.Tx.PutSetting(setting, ""))
}

func (o *Operations) updatedDelivery(w *op.Writing[Delivery], changed activity.Detail, err error) op.Outcome[Delivery] {
	if err != nil {
		return w.Fail(err)
	}
	out, err := o.showDelivery(w.Tx.ReadTx)
	if err != nil {
		return w.Fail(err)
	}
	return w.Done(out, op.Entry{Detail: changed})
}

// testMail sends while it is prepared: no lock is held.
func (o *Operations) testMail(p *op.Preparing, in TestInput) (op.Commit[TestResult], error) {
	var form field.Form
	to := field.Read(&form, "to", user.ParseEmail, in.To)
	if err := form.Err(); err != nil {
		return nil, err
	}
	var server *delivery.MailServer
	m, err := o.test(p, delivery.Test, string(to), func(tx store.ReadTx) (err error) {
		server, err = o.mailServer(tx)
		if err == nil && server == nil {
			err = notSetUp("mail")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	m.ID = messageID(id.NewMessage(), server.From)
	return tested(string(to), delivery.SendMail(p, *server, m))
}

func (o *Operations) testSMS(p *op.Preparing, in TestInput) (op.Commit[TestResult], error) {
	var form field.Form
	to := field.Read(&form, "to", user.ParseMobile, in.To)
	if err := form.Err(); err != nil {
		return nil, err
	}
	var gateway *delivery.Gateway
	m, err := o.test(p, delivery.TestSMS, string(to), func(tx store.ReadTx) (err error) {
		gateway, err = o.smsGateway(tx)
		if err == nil && gateway == nil {
			err = notSetUp("SMS")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	m.ID = string(id.NewMessage())
	return tested(string(to), delivery.SendSMS(p, *gateway, m))
}

func notSetUp(what string) error {
	return problem.New(problem.Conflict, "Please set up "+what+" and save it first.")
}

// test writes a test message in the language of whoever asks for it.
func (o *Operations) test(p *op.Preparing, k delivery.Kind, to string, also func(store.ReadTx) error) (m delivery.Message, err error) {
	err = p.Read(func(tx store.ReadTx) error {
		language := "en"
		u, err := tx.User(p.Scope(), p.Actor.User())
		if err == nil {
			language = string(u.Language)
		} else if !errors.Is(err, store.ErrNotFound) { // the console has none
			return err
		}
		if m, err = o.write(tx, recipient{scope: p.Scope(), address: to, language: user.Language(language)}, k, nil); err != nil {
			return err
		}
		return also(tx)
	})
	return m, err
}

func tested(to string, err error) (op.Commit[TestResult], error) {
	result := TestResult{Taken: true, Detail: "The server took it."}
	detail := activity.Detail{"to": to, "taken": true}
	if err != nil {
		f, ok := errors.AsType[*delivery.Failure](err)
		if !ok {
			return nil, fmt.Errorf("send test: %w", err)
		}
		result = TestResult{Cause: f.Cause, Said: f.Said, Detail: f.Error()}
		detail = activity.Detail{"to": to, "taken": false, "cause": f.Cause}
	}
	return func(w *op.Writing[TestResult]) op.Outcome[TestResult] {
		return w.Done(result, op.Entry{Detail: detail})
	}, nil
}
