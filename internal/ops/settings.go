package ops

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"gatehouse/internal/calendar"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// Settings hold for the whole installation.
type Settings struct {
	PublicURL        string       `json:"publicUrl"`        // where people's browsers find it: links begin with it; empty when no browser does
	MFARequiredAfter calendar.Day `json:"mfaRequiredAfter"` // accounts opened after this day need a second factor
	MFARequiredFrom  calendar.Day `json:"mfaRequiredFrom"`  // from this day on every account needs one; empty: no day is set

	// Whom people turn to when they are stuck: anybody may see it.
	SupportEmail user.Email  `json:"supportEmail"`
	SupportPhone user.Mobile `json:"supportPhone"`
	SupportHours string      `json:"supportHours"` // when somebody is there, in words
}

// UpdateSettingsInput is what shall become of the settings; what is left out
// stays.
type UpdateSettingsInput struct {
	PublicURL        *string `json:"publicUrl,omitempty"`        // empty: none
	MFARequiredAfter *string `json:"mfaRequiredAfter,omitempty"` // a day
	MFARequiredFrom  *string `json:"mfaRequiredFrom,omitempty"`  // a day; empty: none
	SupportEmail     *string `json:"supportEmail,omitempty"`
	SupportPhone     *string `json:"supportPhone,omitempty"`
	SupportHours     *string `json:"supportHours,omitempty"`
}

type settingsOps struct {
	Show   *op.Op[None, Settings]
	Update *op.Op[UpdateSettingsInput, Settings]
}

// The names under which they are kept.
const (
	publicURL    = "public_url"
	supportEmail = "support_email"
	supportPhone = "support_phone"
	supportHours = "support_hours"
)

func (o *Operations) addSettings() {
	o.Settings.Show = op.Read(&o.table, op.Spec{
		Name: "settings.show", Route: "GET /settings",
		Summary: "Settings of the whole installation.",
	}, op.Holds(access.ManageInstallation).InPerson(), func(r *op.Reading, _ None) (Settings, error) {
		return settings(r.Tx)
	})
	o.Settings.Update = op.Write(&o.table, op.Spec{
		Name: "settings.update", Route: "PATCH /settings", Event: "settings.updated",
		Summary: "Change settings of the whole installation.",
	}, op.Holds(access.ManageInstallation).SteppedUp(), updateSettings)
}

func updateSettings(_ *op.Preparing, in UpdateSettingsInput) (op.Commit[Settings], error) {
	var form field.Form
	var shall Settings
	changeSettings(&form, activity.Detail{}, in, &shall)
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[Settings]) op.Outcome[Settings] {
		s, err := settings(w.Tx.ReadTx)
		if err != nil {
			return w.Fail(err)
		}
		before, changed := s, activity.Detail{}
		changeSettings(&field.Form{}, changed, in, &s)
		if moved := s.PublicURL != before.PublicURL; moved && !w.Actor.Full() {
			return w.Refuse(problem.New(problem.Outranked, "Links that let people in begin with the public address, so changing it takes every permission. Please ask an administrator with the role Admin."), op.Entry{})
		}
		was := before.kept()
		for name, value := range s.kept() {
			if *value == *was[name] {
				continue
			}
			if err := w.Tx.PutSetting(name, *value); err != nil {
				return w.Fail(fmt.Errorf("keep setting %s: %w", name, err))
			}
		}
		if s.rules() != before.rules() {
			if err := w.Tx.PutRules(s.rules()); err != nil {
				return w.Fail(fmt.Errorf("keep rules about second factors: %w", err))
			}
		}
		return w.Done(s, op.Entry{Detail: changed})
	}, nil
}

// changeSettings reads what is given into s, and notes what is wrong and what
// changed. All of it may be empty, but for the day on which the policy turns.
func changeSettings(f *field.Form, changed activity.Detail, in UpdateSettingsInput, s *Settings) {
	changeOptional(f, changed, "publicUrl", ParsePublicURL, in.PublicURL, &s.PublicURL)
	changeOptional(f, changed, "supportEmail", user.ParseEmail, in.SupportEmail, &s.SupportEmail)
	changeOptional(f, changed, "supportPhone", user.ParseMobile, in.SupportPhone, &s.SupportPhone)
	changeOptional(f, changed, "supportHours", field.Text(120), in.SupportHours, &s.SupportHours)
	change(f, changed, "mfaRequiredAfter", calendar.Parse, in.MFARequiredAfter, &s.MFARequiredAfter)
	changeOptional(f, changed, "mfaRequiredFrom", calendar.Parse, in.MFARequiredFrom, &s.MFARequiredFrom)
}

// rules about second factors, which are kept with what they decide.
func (s *Settings) rules() account.Rules {
	return account.Rules{RequiredAfter: s.MFARequiredAfter, RequiredFrom: s.MFARequiredFrom}
}

// kept are the settings by the names under which they are kept.
func (s *Settings) kept() map[string]*string {
	return map[string]*string{
		publicURL: &s.PublicURL, supportEmail: (*string)(&s.SupportEmail), supportPhone: (*string)(&s.SupportPhone), supportHours: &s.SupportHours,
	}
}

func settings(tx store.ReadTx) (s Settings, err error) {
	for name, value := range s.kept() {
		if *value, err = tx.Setting(name); err != nil && !errors.Is(err, store.ErrNotFound) {
			return s, fmt.Errorf("read setting %s: %w", name, err)
		}
	}
	rules, err := tx.Rules()
	s.MFARequiredAfter, s.MFARequiredFrom = rules.After(), rules.RequiredFrom
	return s, err
}

// ParsePublicURL reads the address under which browsers find the installation:
// https and a name, since security keys do not work with an IP address; http
// for localhost only. What is wrong is not repeated: it may hold a password.
func ParsePublicURL(raw string) (string, *field.Error) {
	u, err := url.Parse(strings.TrimSuffix(strings.TrimSpace(raw), "/"))
	switch {
	case err != nil, u.Host == "", u.Path != "", u.RawQuery != "", u.Fragment != "", u.User != nil, u.Scheme != "https" && u.Scheme != "http":
		return "", field.Wrong(problem.BadFormat, "This is not an address like https://gate.example.com.")
	case net.ParseIP(u.Hostname()) != nil:
		return "", field.Wrong(problem.BadFormat, "The address must have a name: security keys do not work with an IP address.")
	case u.Scheme == "http" && u.Hostname() != "localhost":
		return "", field.Wrong(problem.BadFormat, "The address must begin with https:// (http works for localhost only).")
	}
	return u.Scheme + "://" + u.Host, nil
}
