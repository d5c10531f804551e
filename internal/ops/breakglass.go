package ops

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/onetime"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
	"gatehouse/internal/vault"
)

// How many people can hold a break-glass code, and how many of them it takes.
const (
	fewestHolders = 2
	mostHolders   = 9
)

// BreakGlassState is how an account stands with break-glass codes.
type BreakGlassState string

// The states.
const (
	BreakGlassNone  BreakGlassState = "none"
	BreakGlassReady BreakGlassState = "ready"
	BreakGlassUsed  BreakGlassState = "used" // and there are none since
)

// BreakGlass is how one's account stands with break-glass codes; never a code.
type BreakGlass struct {
	State     BreakGlassState `json:"state"`
	AdminUser UserName        `json:"adminUser"`                // whom they let in
	Needed    int             `json:"needed"`                   // of the codes, together; 0: there are none
	Holders   []string        `json:"holders"`                  // whom each is for; an empty text where nobody was named
	MadeAt    *time.Time      `json:"madeAt"`                   // null: never
	UsedAt    *time.Time      `json:"usedAt"`                   // null: never
	Set       id.BreakGlass   `json:"set"`                      // stands on every sheet of paper
	May       bool            `json:"may" cli:"-"`              // make new ones, and end them
	Code      problem.Code    `json:"code,omitempty" cli:"-"`   // of the problem it would be
	Detail    string          `json:"detail,omitempty" cli:"-"` // the same, in words
}

// BeginBreakGlassInput says for whom codes are made, and how many of them it
// takes.
type BeginBreakGlassInput struct {
	People int      `json:"people"`          // 2 to 9
	Needed int      `json:"needed"`          // of them, together; at least 2
	Names  []string `json:"names,omitempty"` // of the people, in their order; an empty text for nobody in particular
}

// BreakGlassCode is a code for somebody.
type BreakGlassCode struct {
	Holder string         `json:"holder"` // empty: nobody in particular
	Code   secret.OneTime `json:"code"`
}

// BreakGlassBegun are new codes that are not in force yet.
type BreakGlassBegun struct {
	Ceremony  secret.OneTime   `json:"ceremony"`
	ExpiresAt time.Time        `json:"expiresAt"`
	Set       id.BreakGlass    `json:"set"`
	Needed    int              `json:"needed"`
	MadeAt    time.Time        `json:"madeAt"`
	Address   string           `json:"address"`   // where one signs in; empty where no browser finds this installation
	AdminUser string           `json:"adminUser"` // whom they let in
	Account   AccountRef       `json:"account"`
	Codes     []BreakGlassCode `json:"codes"`
}

type breakGlassOps struct {
	Show      *op.Op[None, BreakGlass]
	Begin     *op.Op[BeginBreakGlassInput, BreakGlassBegun]
	Confirm   *op.Op[CeremonyInput, BreakGlass]
	SwitchOff *op.Op[None, BreakGlass]
}

func (o *Operations) addBreakGlass() {
	o.BreakGlass.Show = op.Read(&o.table, op.Spec{
		Name: "breakGlass.show", Route: "GET /account/break-glass",
		Summary: "Whether the account has break-glass codes for its admin user, for whom, since when, and whether they were used. Never a code.",
	}, op.Holds(access.ManageAccount).InPerson(), func(r *op.Reading, _ None) (BreakGlass, error) {
		return breakGlassNow(r.Tx, r.Call)
	})
	o.BreakGlass.Begin = op.Write(&o.table, op.Spec{
		Name: "breakGlass.begin", Route: "POST /account/break-glass", Event: "breakGlass.started",
		Summary: "Get new break-glass codes, as the admin user of the account. They are shown once; older ones stay in force until the new ones are confirmed.",
	}, op.Oneself().SteppedUp(), o.beginBreakGlass)
	o.BreakGlass.Confirm = op.Write(&o.table, op.Spec{
		Name: "breakGlass.confirm", Route: "POST /account/break-glass/confirm", Event: "breakGlass.made",
		Summary: "Say that the new break-glass codes are printed: they come into force, and older ones are dead.",
	}, op.Oneself().SteppedUp(), o.confirmBreakGlass)
	o.BreakGlass.SwitchOff = op.Write(&o.table, op.Spec{
		Name: "breakGlass.switchOff", Route: "DELETE /account/break-glass", Event: "breakGlass.switched_off", Destroys: true,
		Summary: "End the break-glass codes, as the admin user of the account: none of them works any more.",
	}, op.Oneself().SteppedUp(), switchOffBreakGlass)
}

// glassSet is what of a set is sealed: whoever can only write to the database
// can neither have fewer codes suffice nor move a set to somebody else.
type glassSet struct {
	Set     id.BreakGlass `json:"set"`
	Account id.Account    `json:"account"`
	User    id.User       `json:"user"`
	Needed  int           `json:"needed"`
	Codes   []string      `json:"codes"` // digests
}

func glassPlace(b id.BreakGlass) vault.Place {
	return vault.Place{Table: "break_glass", Column: "sealed", Row: string(b)}
}

// glassDigest is that of a code in one set, and in no other.
func glassDigest(digest onetime.DigestFunc, account id.Account, set id.BreakGlass) onetime.DigestFunc {
	return func(_ string, code []byte) string {
		return digest("break-glass code", []byte(string(account)+"\n"+string(set)+"\n"+string(code)))
	}
}

// opens reports whether these are enough codes of the set, each of them right
// and none twice. It says nothing of which was wrong.
func (s glassSet) opens(v *vault.Vault, typed []secret.Text) bool {
	if len(typed) < s.Needed || len(typed) > len(s.Codes) {
		return false
	}
	left := map[string]bool{}
	for _, kept := range s.Codes {
		left[kept] = true
	}
	right := 0
	for _, text := range typed {
		proof, err := onetime.Parse(text)
		if err != nil {
			continue
		}
		code, ok := proof.(onetime.Code)
		if !ok {
			continue
		}
		for _, digest := range digests(v, func(f onetime.DigestFunc) string { return code.Digest(glassDigest(f, s.Account, s.Set)) }) {
			if left[digest] {
				delete(left, digest)
				right++
			}
		}
	}
	return right == len(typed) && right >= s.Needed
}

// glassOf finds the set in force that lets a user in; nil when there is none.
func (o *Operations) glassOf(tx store.ReadTx, u store.Listed) (*glassSet, error) {
	if !u.AdminUser {
		return nil, nil
	}
	kept, err := tx.BreakGlass(u.Ref())
	if errors.Is(err, store.ErrNotFound) || err == nil && kept.Sealed == "" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find break-glass codes: %w", err)
	}
	plain, err := o.deps.Vault.Open(glassPlace(kept.ID), kept.Sealed)
	if err != nil {
		return nil, fmt.Errorf("open break-glass codes: %w", err)
	}
	var s glassSet
	if err := json.Unmarshal(plain, &s); err != nil {
		return nil, fmt.Errorf("read break-glass codes: %w", err)
	}
	if s.Set != kept.ID || s.User != u.ID || s.Account != u.Account {
		return nil, fmt.Errorf("the break-glass codes %s were moved in the database", kept.ID)
	}
	return &s, nil
}

// breakGlassNow is how the caller's account stands.
func breakGlassNow(tx store.ReadTx, c op.Call) (BreakGlass, error) {
	b := BreakGlass{State: BreakGlassNone, Holders: []string{}}
	admin, err := tx.AdminUser(c.Scope())
	if errors.Is(err, store.ErrNotFound) {
		b.Code, b.Detail = errNoAdminUser.Code, errNoAdminUser.Detail
		return b, nil
	}
	if err != nil {
		return b, fmt.Errorf("find admin user: %w", err)
	}
	b.AdminUser = UserName{admin.ID, admin.Name}
	p := mayBreakGlass(c, admin)
	if b.May = p == nil; p != nil {
		b.Code, b.Detail = p.Code, p.Detail
	}
	kept, err := tx.BreakGlass(admin.Ref())
	if errors.Is(err, store.ErrNotFound) {
		return b, nil
	}
	if err != nil {
		return b, fmt.Errorf("find break-glass codes: %w", err)
	}
	b.State, b.Set, b.MadeAt, b.UsedAt = BreakGlassReady, kept.ID, orNil(kept.CreatedAt), orNil(kept.UsedAt)
	b.Needed, b.Holders = kept.Needed, kept.Holders
	if b.UsedAt != nil {
		b.State = BreakGlassUsed
	}
	return b, nil
}

var errNoAdminUser = problem.New(problem.AdminUser, "This account has no admin user.")

// mayBreakGlass says why the caller may not make or end break-glass codes; nil
// when they may. They let in the admin user, who alone decides about them.
func mayBreakGlass(c op.Call, admin store.Listed) *problem.Problem {
	switch {
	case c.Actor.User() != admin.ID:
		return problem.Newf(problem.AdminUser, "Break-glass codes let the admin user of the account in, so only %s makes them and switches them off.", admin.Name)
	case !admin.HasFactor:
		return problem.New(problem.Conflict, "Break-glass codes stand in for your second factors. Please set up 2-factor authentication first.")
	}
	return nil
}

// asAdminUser finds the caller, who has to be the admin user of the account.
func asAdminUser(c op.Call, tx store.ReadTx) (store.Listed, op.Entry, error) {
	self, err := tx.User(c.Scope(), c.Actor.User())
	if err != nil {
		return self, op.Entry{}, fmt.Errorf("find oneself: %w", err)
	}
	about := op.Entry{Object: userObject(self.User)}
	admin, err := tx.AdminUser(c.Scope())
	if errors.Is(err, store.ErrNotFound) {
		return self, about, errNoAdminUser
	}
	if err != nil {
		return self, about, fmt.Errorf("find admin user: %w", err)
	}
	if p := mayBreakGlass(c, admin); p != nil {
		return self, about, p
	}
	return self, about, nil
}

// glassState is what waits until the sheets are printed.
type glassState struct {
	Session id.Session `json:"session"`
	Sealed  glassSet   `json:"sealed"`
	Holders []string   `json:"holders"`
}

// readHolders reads whom codes are for, and notes everything that is wrong.
func (in BeginBreakGlassInput) readHolders(f *field.Form) []string {
	if in.People < fewestHolders || in.People > mostHolders {
		f.Add("people", field.Wrong(problem.NotAllowed, fmt.Sprintf("Between %d and %d people can have a code.", fewestHolders, mostHolders)))
	}
	if in.Needed < fewestHolders || in.Needed > max(in.People, fewestHolders) || in.Needed > mostHolders {
		f.Add("needed", field.Wrong(problem.NotAllowed, "At least two codes are needed together, and at most as many as there are people."))
	}
	holders := make([]string, min(max(in.People, 0), mostHolders))
	seen := map[string]bool{}
	for n, raw := range in.Names {
		if n >= len(holders) {
			f.Add("names", field.Wrong(problem.NotAllowed, "There are more names than people."))
			break
		}
		holders[n] = field.Optional(f, "names", user.ParseName, raw)
		folded := user.Fold(holders[n])
		if folded != "" && seen[folded] {
			f.Add("names", field.Wrong(problem.Duplicate, "The same person stands here twice. Two codes in one hand are one code."))
			break
		}
		seen[folded] = true
	}
	return holders
}

func (o *Operations) beginBreakGlass(_ *op.Preparing, in BeginBreakGlassInput) (op.Commit[BreakGlassBegun], error) {
	var form field.Form
	holders := in.readHolders(&form)
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[BreakGlassBegun]) op.Outcome[BreakGlassBegun] {
		self, about, err := asAdminUser(w.Call, w.Tx.ReadTx)
		if err != nil {
			return w.Deny(err, about)
		}
		home, err := w.Tx.Account(w.Scope())
		if err != nil {
			return w.Fail(fmt.Errorf("find own account: %w", err))
		}
		address, err := o.baseURL(w.Tx.ReadTx)
		if err != nil {
			return w.Fail(err)
		}
		s := glassSet{Set: id.NewBreakGlass(), Account: self.Account, User: self.ID, Needed: in.Needed}
		begun := BreakGlassBegun{
			Set: s.Set, Needed: in.Needed, MadeAt: w.Tx.Now(), ExpiresAt: w.Tx.Now().Add(enrolmentWait), Address: address,
			AdminUser: self.Name, Account: AccountRef{home.ID, home.Handle, home.Name}, Codes: []BreakGlassCode{},
		}
		for _, holder := range holders {
			code := onetime.NewCode()
			s.Codes = append(s.Codes, code.Digest(glassDigest(o.deps.Vault.Digest, s.Account, s.Set)))
			begun.Codes = append(begun.Codes, BreakGlassCode{holder, code.Reveal()})
		}
		begun.Ceremony, err = beginCeremony(w.Tx, o.deps.Vault, glassCeremony, glassState{w.Actor.Session(), s, holders}, begun.ExpiresAt)
		if err != nil {
			return w.Fail(err)
		}
		return w.Done(begun, about)
	}, nil
}

func (o *Operations) confirmBreakGlass(_ *op.Preparing, in CeremonyInput) (op.Commit[BreakGlass], error) {
	return func(w *op.Writing[BreakGlass]) op.Outcome[BreakGlass] {
		self, about, err := asAdminUser(w.Call, w.Tx.ReadTx)
		if err != nil {
			return w.Deny(err, about)
		}
		c, err := takeCeremony[glassState](w.Tx, o.deps.Vault, glassCeremony, in.Ceremony)
		if err != nil {
			return w.Deny(err, about)
		}
		s := c.state.Sealed
		if c.state.Session != w.Actor.Session() || s.User != self.ID {
			return w.Refuse(errCeremonyOver, about)
		}
		plain, err := json.Marshal(s)
		if err != nil {
			return w.Fail(fmt.Errorf("encode break-glass codes: %w", err))
		}
		err = w.Tx.PutBreakGlass(self.Ref(), store.BreakGlass{
			ID: s.Set, Needed: s.Needed, Holders: c.state.Holders, Sealed: o.deps.Vault.Seal(glassPlace(s.Set), plain),
		})
		if err != nil {
			return w.Fail(fmt.Errorf("keep break-glass codes: %w", err))
		}
		now, err := breakGlassNow(w.Tx.ReadTx, w.Call)
		if err != nil {
			return w.Fail(err)
		}
		about.Detail = activity.Detail{"set": s.Set, "needed": s.Needed, "people": len(s.Codes), "holders": c.state.Holders}
		return w.Done(now, about)
	}, nil
}

func switchOffBreakGlass(_ *op.Preparing, _ None) (op.Commit[BreakGlass], error) {
	return func(w *op.Writing[BreakGlass]) op.Outcome[BreakGlass] {
		self, about, err := asAdminUser(w.Call, w.Tx.ReadTx)
		if err != nil {
			return w.Deny(err, about)
		}
		had, err := w.Tx.RemoveBreakGlass(self.Ref())
		if err != nil {
			return w.Fail(fmt.Errorf("end break-glass codes: %w", err))
		}
		if !had {
			return w.Refuse(problem.New(problem.Conflict, "There are no break-glass codes in force."), about)
		}
		now, err := breakGlassNow(w.Tx.ReadTx, w.Call)
		if err != nil {
			return w.Fail(err)
		}
		return w.Done(now, about)
	}, nil
}
