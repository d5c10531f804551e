package ops

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// Settings hold for the whole installation.
type Settings struct {
	PublicURL        string       `json:"publicUrl"`        // where people's browsers find it: links begin with it; empty when no browser does
	MFARequiredAfter account.Date `json:"mfaRequiredAfter"` // accounts opened after this day need a second factor
	MFARequiredFrom  account.Date `json:"mfaRequiredFrom"`  // from this day on every account needs one; empty: no day is set
}

// UpdateSettingsInput is what shall become of the settings; what is left out
// stays.
type UpdateSettingsInput struct {
	PublicURL        *string `json:"publicUrl,omitempty"`        // empty: none
	MFARequiredAfter *string `json:"mfaRequiredAfter,omitempty"` // a day
	MFARequiredFrom  *string `json:"mfaRequiredFrom,omitempty"`  // a day; empty: none
}

type settingsOps struct {
	Show   *op.Op[None, Settings]
	Update *op.Op[UpdateSettingsInput, Settings]
}

const publicURL = "public_url"

func (o *Operations) addSettings() {
	o.Settings.Show = op.Read(&o.table, op.Spec{
		Name: "settings.show", Route: "GET /settings",
		Summary: "Settings of the whole installation.",
	}, op.Holds(access.ManageInstallation), func(r *op.Reading, _ None) (Settings, error) {
		return settings(r.Tx)
	})
	o.Settings.Update = op.Write(&o.table, op.Spec{
		Name: "settings.update", Route: "PATCH /settings", Event: "settings.updated",
		Summary: "Change settings of the whole installation.",
	}, op.Holds(access.ManageInstallation).SteppedUp(), func(_ *op.Preparing, in UpdateSettingsInput) (op.Commit[Settings], error) {
		var form field.Form
		shall := ""
		if in.PublicURL != nil {
			shall = field.Optional(&form, "publicUrl", ParsePublicURL, *in.PublicURL)
		}
		in.days(&form, activity.Detail{}, &Settings{}) // only to find what is wrong
		if err := form.Err(); err != nil {
			return nil, err
		}
		return func(w *op.Writing[Settings]) op.Outcome[Settings] {
			s, err := settings(w.Tx.ReadTx)
			if err != nil {
				return w.Fail(err)
			}
			changed := activity.Detail{}
			if in.PublicURL != nil {
				note(changed, "publicUrl", s.PublicURL, shall)
				s.PublicURL = shall
				if err := w.Tx.PutSetting(publicURL, shall); err != nil {
					return w.Fail(fmt.Errorf("keep public address: %w", err))
				}
			}
			before := s
			in.days(&field.Form{}, changed, &s)
			if before != s {
				rules := account.Rules{RequiredAfter: s.MFARequiredAfter, RequiredFrom: s.MFARequiredFrom}
				if err := w.Tx.PutRules(rules); err != nil {
					return w.Fail(fmt.Errorf("keep rules about second factors: %w", err))
				}
			}
			return w.Done(s, op.Entry{Detail: changed})
		}, nil
	})
}

// days reads those that are given into s.
func (in UpdateSettingsInput) days(f *field.Form, changed activity.Detail, s *Settings) {
	if in.MFARequiredAfter != nil {
		after := field.Read(f, "mfaRequiredAfter", account.ParseDate, *in.MFARequiredAfter)
		note(changed, "mfaRequiredAfter", s.MFARequiredAfter, after)
		s.MFARequiredAfter = after
	}
	changeDate(f, changed, "mfaRequiredFrom", in.MFARequiredFrom, &s.MFARequiredFrom)
}

func settings(tx store.ReadTx) (s Settings, err error) {
	if s.PublicURL, err = tx.Setting(publicURL); err != nil && !errors.Is(err, store.ErrNotFound) {
		return s, err
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
