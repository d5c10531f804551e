package ops

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/apikey"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/vault"
)

// Upstream is what the account shows to the registrar's API behind the gateway.
// The credential is never shown.
type Upstream struct {
	Set        bool       `json:"set"`
	SetAt      *time.Time `json:"setAt"`      // null: none is set
	SetBy      string     `json:"setBy"`      // the name at the time
	LastUsedAt *time.Time `json:"lastUsedAt"` // null: not since it was set
	LastStatus int        `json:"lastStatus"` // HTTP status of the last answer; 0: none came

	Profile string `json:"profile"` // of the gateway that answers here: what its API is called
	Address string `json:"address"` // and where that is; empty where no gateway is open
}

// SetUpstreamInput is a credential that the registrar gave to the account.
type SetUpstreamInput struct {
	Credential secret.Text `json:"credential"`
}

// UpstreamState is what came of trying a credential.
type UpstreamState string

// The states.
const (
	UpstreamWorks       UpstreamState = "works"
	UpstreamRefused     UpstreamState = "refused"     // the credential
	UpstreamUnreachable UpstreamState = "unreachable" // no connection
	UpstreamInsecure    UpstreamState = "insecure"    // a certificate that is not right
	UpstreamSlow        UpstreamState = "slow"        // a connection, and no answer in time
	UpstreamOdd         UpstreamState = "odd"         // an answer that says neither
)

// UpstreamStates lists them.
func UpstreamStates() []UpstreamState {
	return []UpstreamState{UpstreamWorks, UpstreamRefused, UpstreamUnreachable, UpstreamInsecure, UpstreamSlow, UpstreamOdd}
}

// UpstreamTried is what came back when the credential was tried.
type UpstreamTried struct {
	State  UpstreamState `json:"state"`
	Status int           `json:"status"` // HTTP; 0: no answer came
	Detail string        `json:"detail"` // in words, and what to do
}

// UpstreamProbe is the registrar's API behind the gateway of this process.
type UpstreamProbe interface {
	// About gives the name of its profile, and its address.
	About() (profile, address string)
	// Try calls a route that changes nothing and costs nothing.
	Try(ctx context.Context, credential secret.Text) UpstreamTried
}

// UpstreamKey is the credential of an account, for the gateway.
type UpstreamKey struct {
	Credential secret.Text // empty: the account has none
	Sealed     string      // as it is kept: another one was set when that is another
	Rights     int64       // the version of the rights as of which that holds
}

// GatewayAccount names the account of a call.
type GatewayAccount struct {
	Account id.Account
}

type upstreamOps struct {
	Show   *op.Op[None, Upstream]
	Set    *op.Op[SetUpstreamInput, Upstream]
	Remove *op.Op[None, Upstream]
	Try    *op.Op[None, UpstreamTried]

	// Use is for the gateway alone.
	Use *op.Op[GatewayAccount, UpstreamKey]
}

// The credential belongs to one account, and whoever looks after its settings
// looks after it: an operator has no way to it. Where it may be sent is not said
// here: that belongs to the installation, so that nobody can have it sent
// elsewhere.
func (o *Operations) addUpstreams() {
	rule := op.Holds(access.ManageSettings)
	o.Upstreams.Show = op.Read(&o.table, op.Spec{
		Name: "upstreams.show", Route: "GET /upstream",
		Summary: "Whether the account has a credential for the registrar's API behind the gateway, since when and by whom, and what its last answer was. Never the credential.",
	}, rule.InPerson(), func(r *op.Reading, _ None) (Upstream, error) { return o.showUpstream(r.Tx, r.Call) })
	o.Upstreams.Set = op.Write(&o.table, op.Spec{
		Name: "upstreams.set", Route: "POST /upstream", Event: "upstream.set",
		Summary: "Set the credential that the registrar gave to the account, in place of the one there was. The gateway uses it for every call of the account's programs, at once.",
	}, rule.SteppedUp(), o.setUpstream)
	o.Upstreams.Remove = op.Write(&o.table, op.Spec{
		Name: "upstreams.remove", Route: "DELETE /upstream", Event: "upstream.removed", Destroys: true,
		Summary: "Remove the account's credential for the registrar's API. Its programs get no answer from the gateway from then on.",
	}, rule.SteppedUp(), o.removeUpstream)
	o.Upstreams.Try = op.Write(&o.table, op.Spec{
		Name: "upstreams.try", Route: "POST /upstream/try", Event: "upstream.tried",
		Summary: "Try the account's credential at the registrar's API, with a call that changes nothing and costs nothing, and say in words what came back.",
	}, rule.InPerson(), o.tryUpstream)
	o.Upstreams.Use = op.Read(&o.table, op.Spec{
		Name: "upstreams.use", Route: op.NoRoute,
		Summary: "The gateway takes the credential of an account, to send its programs' calls on.",
	}, op.Job(), o.useUpstream)
}

// upstreamPlace is where the credential of an account is sealed for.
func upstreamPlace(a id.Account) vault.Place {
	return vault.Place{Table: "upstreams", Column: "credential", Row: string(a)}
}

// Lengths of a credential. What is shorter could be part of an ordinary answer,
// in which the gateway looks for it.
const (
	minUpstream = 16
	maxUpstream = 500
)

// readUpstream checks a credential as the registrar gave it: what a header can
// carry, in one word.
func readUpstream(f *field.Form, given secret.Text) {
	text, wrong := given.Reveal(), (*field.Error)(nil)
	switch {
	case text == "":
		wrong = field.Missing()
	case len(text) > maxUpstream:
		wrong = field.Wrong(problem.TooLong, "A credential has at most 500 characters; please check what you pasted.")
	case apikey.Looks(text):
		wrong = field.Wrong(problem.NotAllowed, "This is a key of Gatehouse. Please give the key that the registrar gave to your account.")
	default:
		for i := range len(text) {
			if text[i] <= ' ' || text[i] > '~' {
				wrong = field.Wrong(problem.BadText, "A credential has letters, digits and signs only, and no spaces. Please copy it again, without a word such as ApiKey before it.")
			}
		}
		if wrong == nil && len(text) < minUpstream {
			wrong = field.Wrong(problem.TooShort, "A credential has at least 16 characters; please check what you pasted.")
		}
	}
	if wrong != nil {
		f.Add("credential", wrong)
	}
}

// upstream behind the gateway that is open here now; nil: none is.
func (o *Operations) upstream() UpstreamProbe {
	if o.deps.Doors == nil {
		return nil
	}
	return o.deps.Doors.Upstream()
}

func (o *Operations) showUpstream(tx store.ReadTx, c op.Call) (Upstream, error) {
	var shown Upstream
	if probe := o.upstream(); probe != nil {
		shown.Profile, shown.Address = probe.About()
	}
	u, err := tx.Upstream(c.Scope())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return shown, nil
	case err != nil:
		return shown, fmt.Errorf("read upstream: %w", err)
	}
	shown.Set, shown.SetAt, shown.SetBy, shown.LastUsedAt, shown.LastStatus = true, &u.SetAt, u.SetBy, orNil(u.LastUsedAt), u.LastStatus
	return shown, nil
}

// upstreamEntry names the account in the log: a credential has no name.
func upstreamEntry(tx store.ReadTx, scope access.Scope) (op.Entry, error) {
	a, err := tx.Account(scope)
	if err != nil {
		return op.Entry{}, fmt.Errorf("find account: %w", err)
	}
	return op.Entry{Object: accountObject(a)}, nil
}

func (o *Operations) setUpstream(p *op.Preparing, in SetUpstreamInput) (op.Commit[Upstream], error) {
	var form field.Form
	readUpstream(&form, in.Credential)
	if err := form.Err(); err != nil {
		return nil, err
	}
	account := p.Actor.Account()
	sealed := o.deps.Vault.Seal(upstreamPlace(account), []byte(in.Credential.Reveal()))
	return func(w *op.Writing[Upstream]) op.Outcome[Upstream] {
		about, err := upstreamEntry(w.Tx.ReadTx, w.Scope())
		if err != nil {
			return w.Fail(err)
		}
		before, err := o.showUpstream(w.Tx.ReadTx, w.Call)
		if err != nil {
			return w.Fail(err)
		}
		if err := w.Tx.PutUpstream(w.Scope(), sealed, w.Actor.Name()); err != nil {
			return w.Fail(fmt.Errorf("keep the credential: %w", err))
		}
		about.Detail = activity.Detail{"replaced": before.Set}
		return o.upstreamBecame(w, about)
	}, nil
}

func (o *Operations) removeUpstream(*op.Preparing, None) (op.Commit[Upstream], error) {
	return func(w *op.Writing[Upstream]) op.Outcome[Upstream] {
		about, err := upstreamEntry(w.Tx.ReadTx, w.Scope())
		if err != nil {
			return w.Fail(err)
		}
		if err := w.Tx.DeleteUpstream(w.Scope()); err != nil {
			return w.Fail(err)
		}
		return o.upstreamBecame(w, about)
	}, nil
}

func (o *Operations) upstreamBecame(w *op.Writing[Upstream], about op.Entry) op.Outcome[Upstream] {
	out, err := o.showUpstream(w.Tx.ReadTx, w.Call)
	if err != nil {
		return w.Fail(err)
	}
	return w.Done(out, about)
}

// tryUpstream calls while it is prepared: no lock is held.
func (o *Operations) tryUpstream(p *op.Preparing, _ None) (op.Commit[UpstreamTried], error) {
	probe := o.upstream()
	if probe == nil {
		return nil, problem.New(problem.GatewayClosed, "No API gateway is open in this process, so there is nothing to try. Please try it where 'gatehouse serve --upstream' runs, or open the doors at the Desk.")
	}
	var key UpstreamKey
	err := p.Read(func(tx store.ReadTx) (err error) {
		key, err = o.upstreamKey(tx, p.Actor.Account())
		return err
	})
	if err != nil {
		return nil, err
	}
	if key.Credential.IsZero() {
		return nil, problem.New(problem.Conflict, "The account has no credential for the registrar's API. Please set one first.")
	}
	began := p.Now()
	out := probe.Try(p, key.Credential)
	return func(w *op.Writing[UpstreamTried]) op.Outcome[UpstreamTried] {
		about, err := upstreamEntry(w.Tx.ReadTx, w.Scope())
		if err != nil {
			return w.Fail(err)
		}
		if err := w.Tx.NoteUpstreamUse(store.UpstreamUse{Scope: w.Scope(), At: began, Status: out.Status}); err != nil {
			return w.Fail(fmt.Errorf("note that the credential was used: %w", err))
		}
		about.Detail = activity.Detail{"state": out.State, "status": out.Status}
		return w.Done(out, about)
	}, nil
}

// upstreamKey opens the credential of an account.
func (o *Operations) upstreamKey(tx store.ReadTx, a id.Account) (k UpstreamKey, err error) {
	if k.Rights, err = tx.RightsVersion(); err != nil {
		return k, fmt.Errorf("read version of the rights: %w", err)
	}
	u, err := tx.Upstream(access.Within(a))
	if errors.Is(err, store.ErrNotFound) {
		return k, nil
	}
	if err != nil {
		return k, fmt.Errorf("read upstream: %w", err)
	}
	plain, err := o.deps.Vault.Open(upstreamPlace(a), u.Credential)
	if err != nil {
		return k, err
	}
	k.Credential, k.Sealed = secret.New(string(plain)), u.Credential
	return k, nil
}

func (o *Operations) useUpstream(r *op.Reading, in GatewayAccount) (UpstreamKey, error) {
	return o.upstreamKey(r.Tx, in.Account)
}
