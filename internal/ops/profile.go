package ops

import (
	"fmt"
	"time"

	"gatehouse/internal/op"
)

// Profile is everything about oneself.
type Profile struct {
	User              User       `json:"user"`
	Account           AccountRef `json:"account"`
	MFA               MFA        `json:"mfa"`
	AuthenticatorApp  AppStatus  `json:"authenticatorApp"`
	RecoveryCodesLeft int        `json:"recoveryCodesLeft"`
}

// AppStatus tells whether an authenticator app is switched on, and when it was
// last used.
type AppStatus struct {
	Enabled    bool       `json:"enabled"`
	Since      *time.Time `json:"since,omitempty"`
	LastUsedAt *time.Time `json:"lastUsedAt,omitempty"`
}

type profileOps struct {
	Show *op.Op[None, Profile]
}

func (o *Operations) addProfile() {
	o.Profile.Show = op.Read(&o.table, op.Spec{
		Name: "profile.show", Route: "GET /profile",
		Summary: "One's own details and second factors.",
	}, op.Enrolling(), func(r *op.Reading, _ None) (Profile, error) {
		u, err := r.Tx.User(r.Scope(), r.Actor.User())
		if err != nil {
			return Profile{}, fmt.Errorf("find oneself: %w", err)
		}
		a, err := r.Tx.Account(r.Scope())
		if err != nil {
			return Profile{}, fmt.Errorf("find own account: %w", err)
		}
		apps, err := r.Tx.AuthenticatorApps(u.Ref())
		if err != nil {
			return Profile{}, fmt.Errorf("find authenticator apps: %w", err)
		}
		left, err := r.Tx.RecoveryCodesLeft(u.Ref())
		p := Profile{
			User: showUser(u, a.MFAPolicy), Account: AccountRef{a.ID, a.Handle, a.Name},
			MFA: mfaStatus(a.MFAPolicy, u), RecoveryCodesLeft: left,
		}
		if len(apps) > 0 {
			p.AuthenticatorApp = AppStatus{true, &apps[0].CreatedAt, orNil(apps[0].LastUsedAt)}
		}
		return p, err
	})
}

// orNil gives the zero time as null.
func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
