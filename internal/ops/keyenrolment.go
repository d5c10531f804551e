package ops

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/securitykey"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// BeginKeyInput names the security key that is to be registered.
type BeginKeyInput struct {
	Name string `json:"name"` // "Blue key"
}

// KeyBegun is a registration that was begun: codes to save, if it is the first
// second factor, and the token to go on with. Nothing is in force yet.
type KeyBegun struct {
	Ceremony      secret.OneTime   `json:"ceremony"`
	ExpiresAt     time.Time        `json:"expiresAt"`
	RecoveryCodes []secret.OneTime `json:"recoveryCodes"` // empty beside a second factor that has its codes
}

// AskKeyInput goes on to where somebody taps the key.
type AskKeyInput struct {
	Ceremony secret.Text `json:"ceremony"`
	Port     int         `json:"port,omitempty"` // of the page that the Desk hands over to; left out everywhere else
}

// KeyOptions is what a security key is asked.
type KeyOptions struct {
	ExpiresAt time.Time        `json:"expiresAt"`
	Options   securitykey.JSON `json:"options"` // for parseCreationOptionsFromJSON, or parseRequestOptionsFromJSON at a sign-in
}

// ConfirmKeyInput is what the key answered.
type ConfirmKeyInput struct {
	Ceremony   secret.Text      `json:"ceremony"`
	Credential securitykey.JSON `json:"credential"` // PublicKeyCredential.toJSON()
}

// SecurityKeyID names a security key.
type SecurityKeyID struct {
	ID id.SecurityKey `json:"id"`
}

// RenameKeyInput calls a security key something else.
type RenameKeyInput struct {
	ID   id.SecurityKey `json:"id"`
	Name string         `json:"name"`
}

// Most security keys a user can have, and letters of a name.
const (
	mostKeys    = 10
	longKeyName = 40
)

// keyState is what waits until the key has answered, in the session that began
// it: that one was stepped up. Every time the key is asked, there is another
// challenge in it.
type keyState struct {
	User     id.User              `json:"user"`
	Session  id.Session           `json:"session"`
	Name     string               `json:"name"`
	Recovery []string             `json:"recovery"` // digests; empty when the user has codes
	Asked    *securitykey.Pending `json:"asked"`
}

func (s keyState) of(u store.Listed, c op.Call) bool {
	return s.User == u.ID && s.Session == c.Actor.Session()
}

func (o *Operations) addSecurityKeys() {
	o.SecondFactors.BeginKey = op.Write(&o.table, op.Spec{
		Name: "secondFactors.beginKey", Route: "POST /profile/security-keys", Event: "mfa.key_started",
		Summary: "Name a security key, and get recovery codes if it is the first second factor. Nothing is registered yet.",
	}, op.Enrolling().SteppedUp(), o.beginKey)
	o.SecondFactors.AskKey = op.Write(&o.table, op.Spec{
		Name: "secondFactors.askKey", Route: "POST /profile/security-keys/challenge", Event: "mfa.key_asked",
		Summary: "Get what the security key has to be asked, for the next two minutes. It may be asked again.",
	}, op.Enrolling(), o.askKey)
	o.SecondFactors.ConfirmKey = op.Write(&o.table, op.Spec{
		Name: "secondFactors.confirmKey", Route: "POST /profile/security-keys/confirm", Event: "mfa.key_enabled",
		Summary: "Register the security key with its answer. The other sessions end.",
	}, op.Enrolling(), o.confirmKey)
	o.SecondFactors.RenameKey = op.Write(&o.table, op.Spec{
		Name: "secondFactors.renameKey", Route: "PATCH /profile/security-keys/{id}", Event: "mfa.key_renamed",
		Summary: "Call one of one's security keys something else.",
	}, op.Oneself(), o.renameKey)
	o.SecondFactors.RemoveKey = op.Write(&o.table, op.Spec{
		Name: "secondFactors.removeKey", Route: "DELETE /profile/security-keys/{id}", Event: "mfa.key_removed",
		Summary: "Remove a security key, but not the last second factor that works here. The other sessions end.",
	}, op.Oneself().SteppedUp(), o.removeKey)
}

// newKeyName notes when the user has a key of that name, or too many keys.
func newKeyName(tx store.ReadTx, u store.Listed, name string, but id.SecurityKey) error {
	keys, err := tx.SecurityKeys(u.Ref())
	if err != nil {
		return fmt.Errorf("find security keys: %w", err)
	}
	if slices.ContainsFunc(keys, func(k store.SecurityKey) bool { return k.ID != but && user.Fold(k.Name) == user.Fold(name) }) {
		var form field.Form
		form.Add("name", field.Wrong(problem.Taken, "You have a security key of that name; please choose another."))
		return form.Err()
	}
	if but == "" && len(keys) >= mostKeys {
		return problem.Newf(problem.Conflict, "You have %d security keys already. Please remove one first.", mostKeys)
	}
	return nil
}

func (o *Operations) beginKey(_ *op.Preparing, in BeginKeyInput) (op.Commit[KeyBegun], error) {
	var form field.Form
	name := field.Read(&form, "name", field.Text(longKeyName), in.Name)
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[KeyBegun]) op.Outcome[KeyBegun] {
		u, err := oneself(w.Call, w.Tx.ReadTx)
		if err != nil {
			return w.Fail(err)
		}
		about := op.Entry{Object: userObject(u.User)}
		if _, err := o.keySite(w.Tx.ReadTx, w.Source, 0); err != nil {
			return w.Deny(err, about)
		}
		if err := newKeyName(w.Tx.ReadTx, u, name, ""); err != nil {
			return w.Deny(err, about)
		}
		s := keyState{User: u.ID, Session: w.Actor.Session(), Name: name}
		begun := KeyBegun{RecoveryCodes: []secret.OneTime{}, ExpiresAt: w.Tx.Now().Add(enrolmentWait)}
		if !u.HasFactor {
			begun.RecoveryCodes, s.Recovery = recoveryCodes(o.deps.Vault)
		}
		begun.Ceremony, err = beginCeremony(w.Tx, o.deps.Vault, keyCeremony, s, begun.ExpiresAt)
		if err != nil {
			return w.Fail(err)
		}
		return w.Done(begun, about)
	}, nil
}

func oneself(c op.Call, tx store.ReadTx) (store.Listed, error) {
	u, err := tx.User(c.Scope(), c.Actor.User())
	if err != nil {
		return u, fmt.Errorf("find oneself: %w", err)
	}
	return u, nil
}

func (o *Operations) askKey(p *op.Preparing, in AskKeyInput) (op.Commit[KeyOptions], error) {
	var form field.Form
	readPort(&form, p.Source, in.Port)
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[KeyOptions]) op.Outcome[KeyOptions] {
		u, err := oneself(w.Call, w.Tx.ReadTx)
		if err != nil {
			return w.Fail(err)
		}
		about := op.Entry{Object: userObject(u.User)}
		site, err := o.keySite(w.Tx.ReadTx, w.Source, in.Port)
		if err != nil {
			return w.Deny(err, about)
		}
		c, err := takeCeremony[keyState](w.Tx, o.deps.Vault, keyCeremony, in.Ceremony)
		if err != nil {
			return w.Deny(err, about)
		}
		if !c.state.of(u, w.Call) {
			return w.Refuse(errCeremonyOver, about)
		}
		person, _, err := o.keysAt(w.Tx.ReadTx, u, site.ID)
		if err != nil {
			return w.Fail(err)
		}
		asked, options, err := site.Register(person, w.Tx.Now())
		if err != nil {
			return w.Fail(fmt.Errorf("ask for a new security key: %w", err))
		}
		c.state.Asked = &asked
		if err := c.change(w.Tx, o.deps.Vault); err != nil {
			return w.Fail(err)
		}
		return w.Done(KeyOptions{asked.Until, options}, about)
	}, nil
}

func (o *Operations) confirmKey(_ *op.Preparing, in ConfirmKeyInput) (op.Commit[Renewed], error) {
	if in.Credential.IsZero() {
		var form field.Form
		form.Add("credential", field.Missing())
		return nil, form.Err()
	}
	return func(w *op.Writing[Renewed]) op.Outcome[Renewed] {
		u, err := oneself(w.Call, w.Tx.ReadTx)
		if err != nil {
			return w.Fail(err)
		}
		about := op.Entry{Object: userObject(u.User)}
		site, err := o.siteID(w.Tx.ReadTx, w.Source)
		if err != nil {
			return w.Fail(err)
		}
		c, err := takeCeremony[keyState](w.Tx, o.deps.Vault, keyCeremony, in.Ceremony)
		if err != nil {
			return w.Deny(err, about)
		}
		s := c.state
		// With codes or without, as in confirmApp.
		if !s.of(u, w.Call) || u.HasFactor == (len(s.Recovery) > 0) {
			return w.Refuse(errCeremonyOver, about)
		}
		if err := newKeyName(w.Tx.ReadTx, u, s.Name, ""); err != nil {
			return w.Deny(err, about)
		}
		k, refusal, err := o.registered(w.Tx.ReadTx, u, s, in.Credential, site)
		if err != nil {
			return w.Fail(err)
		}
		if refusal != nil { // another key may be tried, by another challenge
			c.state.Asked = nil
			if err := c.after(w.Tx, o.deps.Vault); err != nil {
				return w.Fail(err)
			}
			return w.Refuse(refusal, about)
		}
		if err := w.Tx.AddSecurityKey(u.Ref(), k); err != nil {
			return w.Fail(fmt.Errorf("add security key: %w", err))
		}
		if len(s.Recovery) > 0 {
			if err := w.Tx.ReplaceRecoveryCodes(u.Ref(), s.Recovery); err != nil {
				return w.Fail(fmt.Errorf("keep recovery codes: %w", err))
			}
		}
		about.Detail = activity.Detail{"name": s.Name, "site": site}
		means := w.Actor.Means()
		if !slices.Contains(strings.Split(means, "+"), byKey) {
			means += "+" + byKey
		}
		return o.renewed(w, means, about)
	}, nil
}

// registered judges the answer of a new key.
func (o *Operations) registered(tx store.ReadTx, u store.Listed, s keyState, answer securitykey.JSON, site string) (k store.SecurityKey, refusal *problem.Problem, err error) {
	if !fresh(s.Asked, tx.Now(), site) {
		return k, errCeremonyOver, nil
	}
	person, _, err := o.keysAt(tx, u, site)
	if err != nil {
		return k, nil, err
	}
	c, err := s.Asked.Registered(person, answer)
	if errors.Is(err, securitykey.ErrRefused) {
		return k, errKeyRefused, nil
	}
	if err != nil {
		return k, nil, fmt.Errorf("judge new security key: %w", err)
	}
	taken, err := tx.CredentialTaken(credentialText(c.ID))
	if err != nil {
		return k, nil, fmt.Errorf("see whether the credential is taken: %w", err)
	}
	if taken {
		return k, errKeyTaken, nil
	}
	k, err = sealKey(o.deps.Vault, u.ID, site, s.Name, c)
	return k, nil, err
}

// ownKey finds one of the caller's own keys.
func ownKey(c op.Call, tx store.ReadTx, k id.SecurityKey) (store.Listed, store.SecurityKey, error) {
	u, err := oneself(c, tx)
	if err != nil {
		return u, store.SecurityKey{}, err
	}
	keys, err := tx.SecurityKeys(u.Ref())
	if err != nil {
		return u, store.SecurityKey{}, fmt.Errorf("find security keys: %w", err)
	}
	i := slices.IndexFunc(keys, func(found store.SecurityKey) bool { return found.ID == k })
	if i < 0 {
		return u, store.SecurityKey{}, store.ErrNotFound
	}
	return u, keys[i], nil
}

func (o *Operations) renameKey(_ *op.Preparing, in RenameKeyInput) (op.Commit[SecurityKey], error) {
	var form field.Form
	name := field.Read(&form, "name", field.Text(longKeyName), in.Name)
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[SecurityKey]) op.Outcome[SecurityKey] {
		u, k, err := ownKey(w.Call, w.Tx.ReadTx, in.ID)
		if err != nil {
			return w.Fail(err)
		}
		if err := newKeyName(w.Tx.ReadTx, u, name, k.ID); err != nil {
			return w.Fail(err)
		}
		site, err := o.siteID(w.Tx.ReadTx, w.Source)
		if err != nil {
			return w.Fail(err)
		}
		about := op.Entry{Object: userObject(u.User), Detail: activity.Detail{"name": activity.Detail{"before": k.Name, "after": name}}}
		if err := w.Tx.RenameSecurityKey(u.Ref(), k.ID, name); err != nil {
			return w.Fail(fmt.Errorf("rename security key: %w", err))
		}
		k.Name = name
		return w.Done(showSecurityKey(k, site), about)
	}, nil
}

func (o *Operations) removeKey(_ *op.Preparing, in SecurityKeyID) (op.Commit[Renewed], error) {
	return func(w *op.Writing[Renewed]) op.Outcome[Renewed] {
		u, k, err := ownKey(w.Call, w.Tx.ReadTx, in.ID)
		if err != nil {
			return w.Fail(err)
		}
		about := op.Entry{Object: userObject(u.User)}
		if err := o.dispensableFactor(w.Call, w.Tx.ReadTx, u, k.RPID); err != nil {
			return w.Deny(err, about)
		}
		if err := w.Tx.RemoveSecurityKey(u.Ref(), k.ID); err != nil {
			return w.Fail(fmt.Errorf("remove security key: %w", err))
		}
		about.Detail = activity.Detail{"name": k.Name, "site": k.RPID}
		return o.renewed(w, w.Actor.Means(), about)
	}, nil
}

// everywhere is where authenticator apps work.
const everywhere = ""

// dispensableFactor refuses to take the last second factor that works where the
// caller is, or the last one of all: what is left elsewhere would be asked for
// at the next sign-in here, and be of no use (M2, M4). works is the site at
// which the one to be removed works.
func (o *Operations) dispensableFactor(c op.Call, tx store.ReadTx, u store.Listed, works string) error {
	site, err := o.siteID(tx, c.Source)
	if err != nil {
		return err
	}
	f, err := tx.Factors(u.Ref(), site)
	if err != nil {
		return fmt.Errorf("count second factors: %w", err)
	}
	here := works == everywhere || works == site
	switch {
	case f.Apps+f.Keys > 1 && (!here || f.Apps+f.KeysHere > 1):
		return nil
	case f.Apps+f.Keys > 1:
		if m, err := o.required(c, tx, u); err != nil || m != account.NotRequired {
			return errors.Join(err, problem.New(problem.MFARequired, "This is your only second factor that works here, and you need one. Please add another first."))
		}
		return problem.New(problem.Conflict, "This is your only second factor that works here. Please add another first, or switch 2-factor authentication off.")
	}
	if err := mayBeWithout(c, tx, u); err != nil {
		return err
	}
	return problem.New(problem.Conflict, "This is your only second factor. Please switch 2-factor authentication off instead.")
}

// required says who demands a second factor of the caller.
func (o *Operations) required(c op.Call, tx store.ReadTx, u store.Listed) (account.RequiredBy, error) {
	a, err := tx.Account(c.Scope())
	if err != nil {
		return "", fmt.Errorf("find own account: %w", err)
	}
	return mfaStatus(a, u, u.HasFactor, tx.Now()).RequiredBy, nil
}
