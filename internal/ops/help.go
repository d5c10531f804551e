package ops

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// HelpInput asks for help at the second step of a sign-in: the password was
// right, and nothing is at hand of what is asked for then.
type HelpInput struct {
	Ceremony secret.Text `json:"ceremony"` // of the sign-in; it goes on
	What     string      `json:"what"`     // happened
	Reach    string      `json:"reach"`    // how to reach the person
}

// HelpByLoginInput asks for help without a password.
type HelpByLoginInput struct {
	Login string `json:"login"`
	What  string `json:"what"`  // happened
	Reach string `json:"reach"` // how to reach the person
}

// Helper is who answers a request for help.
type Helper string

// The helpers (M5).
const (
	HelpedByOperator Helper = "operator"       // admin users
	HelpedByAdmins   Helper = "administrators" // everybody else
	HelpedByConsole  Helper = "console"        // the operator's own admin user
)

// HelpAsked tells who will help.
type HelpAsked struct {
	Helper  Helper    `json:"helper"`
	AskedAt time.Time `json:"askedAt"` // for the first time
	Times   int       `json:"times"`   // since then
}

// HelpRequest is somebody's request for help with getting in.
type HelpRequest struct {
	ID            id.HelpRequest  `json:"id"`
	Account       AccountRef      `json:"account"`
	User          id.User         `json:"user,omitempty"` // left out for the operator, for whom other accounts' users have no ids
	Login         user.Login      `json:"login"`
	Name          string          `json:"name"`
	AdminUser     bool            `json:"adminUser"` // then the operator helps
	State         store.HelpState `json:"state"`
	PasswordShown bool            `json:"passwordShown"` // false: anybody may have asked
	RecordedBy    string          `json:"recordedBy"`    // the operator who wrote it down on the telephone; empty: it came from the sign-in
	What          string          `json:"what"`          // happened, in the person's words
	Reach         string          `json:"reach"`         // how to reach the person
	Times         int             `json:"times"`         // it was asked for
	AskedAt       time.Time       `json:"askedAt"`
	LastAskedAt   time.Time       `json:"lastAskedAt"`
	Face          access.Face     `json:"face"`    // by which it was asked
	Address       string          `json:"address"` // from which; empty where there is none
	Program       string          `json:"program"` // with which, as it calls itself
	ClosedAt      *time.Time      `json:"closedAt"`
	ClosedBy      string          `json:"closedBy"`
	Reason        string          `json:"reason"` // of whoever closed it
}

func showHelp(h store.HelpRequest) HelpRequest {
	return HelpRequest{
		ID: h.ID, Account: AccountRef{h.Account, h.AccountHandle, h.AccountName}, User: h.User, Login: h.Login, Name: h.UserName, AdminUser: h.AdminUser,
		State: h.State, PasswordShown: h.Shown, RecordedBy: h.Recorded, What: h.What, Reach: h.Reach, Times: h.Times, AskedAt: h.AskedAt, LastAskedAt: h.LastAt,
		Face: access.Face(h.Face), Address: h.Address, Program: h.Program, ClosedAt: orNil(h.ClosedAt), ClosedBy: h.ClosedBy, Reason: h.Reason,
	}
}

// HelpList asks for a page of requests, newest first.
type HelpList struct {
	Paging
	State    listing.Filter  `json:"state,omitempty"` // open, helped, declined, over
	User     listing.Filter  `json:"user,omitempty"`  // an id
	AskedAt  listing.Filter  `json:"askedAt,omitempty"`
	ClosedAt listing.Filter  `json:"closedAt,omitempty"` // null: it is open
	Order    store.HelpOrder `json:"order,omitempty"`    // -askedAt or askedAt
}

// Filters implements Filtered.
func (HelpList) Filters() []listing.Field {
	return []listing.Field{words("state", store.HelpStates()), exactly("user"), times("askedAt"), orNull(times("closedAt"))}
}

// HelpReason names a request of the caller's account, and says why.
type HelpReason struct {
	ID     id.HelpRequest `json:"id"`
	Reason string         `json:"reason"` // the person reads it
}

type helpOps struct {
	Ask        *op.Op[HelpInput, HelpAsked]
	AskByLogin *op.Op[HelpByLoginInput, None]
	List       *op.Op[HelpList, Page[HelpRequest]]
	Decline    *op.Op[HelpReason, HelpRequest]
}

// Asking opens nothing: it leaves words that somebody reads. So what has to be
// limited is how much of it there can be, and what its answer tells. A user has
// one open request; whoever shows no password cannot change what it says.
const (
	helpWords = 500 // characters of what happened
	reachLong = 160 // characters of how to reach somebody

	helpOfUser    = 5 // with the password, within an hour
	helpOfLogin   = 3 // without, within a day; known or not
	helpOfAddress = 10
	helpHour      = time.Hour
	helpDay       = 24 * time.Hour
)

func (o *Operations) addHelp() {
	o.HelpRequests.Ask = op.Write(&o.table, op.Spec{
		Name: "helpRequests.ask", Route: "POST /session/help", Event: "help.asked",
		Summary: "Ask for help at the second step of a sign-in. Lets nobody in: somebody looks at it, who has to make sure who asks.",
	}, op.Anyone(), o.askForHelp)
	o.HelpRequests.AskByLogin = op.Write(&o.table, op.Spec{
		Name: "helpRequests.askByLogin", Route: "POST /session/help-without-password", Event: "help.asked",
		Summary: "Ask for help without a password. The answer is the same whether or not there is such a user, and whether or not the request was taken.",
		Even:    linkAnswer,
	}, op.Anyone(), o.askByLogin)
	o.HelpRequests.List = op.Read(&o.table, op.Spec{
		Name: "helpRequests.list", Route: "GET /help-requests",
		Summary: "People of the account who cannot get in and asked for help. The operator helps admin users; administrators reset the second factors of everybody else.",
	}, op.Holds(access.ManageUser).InPerson(), listHelp)
	o.HelpRequests.Decline = op.Write(&o.table, op.Spec{
		Name: "helpRequests.decline", Route: "POST /help-requests/{id}/decline", Event: "help.declined",
		Summary: "Close a colleague's request for help without a reset. The person is told why.",
	}, op.Holds(access.ManageUser).InPerson(), declineHelp)
}

// oneLine reads text that may have been typed in several.
func oneLine(most int) func(string) (string, *field.Error) {
	parse := field.Text(most)
	return func(raw string) (string, *field.Error) {
		return parse(strings.NewReplacer("\r", " ", "\n", " ", "\t", " ").Replace(raw))
	}
}

// within counts an act, and refuses when there were as many within the window
// that began with the first of them.
func within(tx store.WriteTx, subject string, most int, window time.Duration, words string) (*problem.Problem, error) {
	t, err := tx.Throttle(subject)
	if err != nil {
		return nil, fmt.Errorf("read throttle of help: %w", err)
	}
	left := t.BlockedUntil.Sub(tx.Now())
	if left <= 0 || left > window { // it is over, or the clock went back
		t, left = store.Throttle{BlockedUntil: tx.Now().Add(window)}, window
	}
	if t.Failures >= most {
		p := problem.New(problem.TooManyAttempts, words)
		p.RetryAfter = left
		return p, nil
	}
	t.Failures++
	if err := tx.PutThrottle(subject, t); err != nil {
		return nil, fmt.Errorf("count help: %w", err)
	}
	return nil, nil
}

// askedOften counts a request against where it comes from, whoever it is for,
// so that the answer tells nothing.
func askedOften(tx store.WriteTx, from access.Source) (*problem.Problem, error) {
	a := atAddress(from)
	if a == "" {
		return nil, nil
	}
	return within(tx, "help "+a, helpOfAddress, helpHour, "Help was asked for very often from here. Please wait a little, or call the support.")
}

// readHelp reads what both ways of asking have in common.
func readHelp(form *field.Form, from access.Source, what, reach string) store.HelpRequest {
	return store.HelpRequest{
		What: field.Read(form, "what", oneLine(helpWords), what), Reach: field.Read(form, "reach", oneLine(reachLong), reach),
		Face: string(from.Face), Address: from.AddressText(), Program: from.Program,
	}
}

func (o *Operations) askForHelp(p *op.Preparing, in HelpInput) (op.Commit[HelpAsked], error) {
	var form field.Form
	asked := readHelp(&form, p.Source, in.What, in.Reach)
	if err := form.Err(); err != nil {
		return nil, err
	}
	asked.Shown = true
	return func(w *op.Writing[HelpAsked]) op.Outcome[HelpAsked] {
		c, err := takeCeremony[waiting](w.Tx, o.deps.Vault, signInCeremony, in.Ceremony)
		if err != nil {
			return w.Deny(err, op.Entry{})
		}
		if err := c.change(w.Tx, o.deps.Vault); err != nil { // whatever comes of it, the sign-in goes on
			return w.Fail(err)
		}
		u, err := w.Tx.UserByLogin(c.state.Login)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return w.Fail(fmt.Errorf("find user of sign-in: %w", err))
		}
		about := op.Entry{Account: u.Account, Object: userObject(u.User)}
		open, err := mayEnter(w.Tx.ReadTx, u.Listed)
		if err != nil {
			return w.Fail(err)
		}
		if welcome := access.Enter(u.Entry, w.Source); !open || !welcome.Allowed || !c.state.of(u) {
			about.Reason = welcome.Reason
			return w.Refuse(errSignInFailed, about)
		}
		often, err := askedOften(w.Tx, w.Source)
		if err == nil && often == nil {
			often, err = within(w.Tx, "help user:"+string(u.ID), helpOfUser, helpHour, "Your request is known. Please wait a little before you ask again, or call the support.")
		}
		if err != nil {
			return w.Fail(err)
		}
		if often != nil {
			return w.Refuse(often, op.Entry{})
		}
		if err := putHelp(w.Tx, u.Listed, asked); err != nil {
			return w.Fail(err)
		}
		out, err := helpAsked(w.Tx.ReadTx, u.Listed)
		if err != nil {
			return w.Fail(err)
		}
		about.Actor, about.Means = userActor(u.User), byPassword
		about.Detail = activity.Detail{"passwordShown": true, "what": asked.What, "reach": asked.Reach}
		return w.Done(out, about)
	}, nil
}

// putHelp opens a request, or adds to the open one. What that says is changed
// only by somebody who shows at least as much as whoever wrote it.
func putHelp(tx store.WriteTx, u store.Listed, asked store.HelpRequest) error {
	before, err := tx.OpenHelp(u.Ref())
	switch {
	case errors.Is(err, store.ErrNotFound):
		asked.ID = id.NewHelpRequest()
		err = tx.AskForHelp(u, asked)
	case err != nil:
	case asked.Shown && before.Recorded == "":
		err = tx.RewordHelp(u.Ref(), asked)
	default:
		err = tx.AskAgain(u.Ref())
	}
	if err != nil {
		return fmt.Errorf("ask for help: %w", err)
	}
	return nil
}

func helpAsked(tx store.ReadTx, u store.Listed) (out HelpAsked, err error) {
	h, err := tx.OpenHelp(u.Ref())
	if err != nil {
		return out, fmt.Errorf("find request: %w", err)
	}
	out = HelpAsked{HelpedByAdmins, h.AskedAt, h.Times}
	if !u.AdminUser {
		return out, nil
	}
	in, err := tx.Installation()
	if err != nil {
		return out, fmt.Errorf("find the operator: %w", err)
	}
	if out.Helper = HelpedByOperator; in.Operator == u.Account {
		out.Helper = HelpedByConsole
	}
	return out, nil
}

func (o *Operations) askByLogin(p *op.Preparing, in HelpByLoginInput) (op.Commit[None], error) {
	var form field.Form
	if strings.TrimSpace(in.Login) == "" {
		form.Add("login", field.Missing())
	}
	asked := readHelp(&form, p.Source, in.What, in.Reach)
	if err := form.Err(); err != nil {
		return nil, err
	}
	login := user.Login(in.Login)
	return func(w *op.Writing[None]) op.Outcome[None] {
		if often, err := askedOften(w.Tx, w.Source); err != nil {
			return w.Fail(err)
		} else if often != nil {
			return w.Refuse(often, op.Entry{})
		}
		digest := o.deps.Vault.Digest("throttle login", []byte(cmp.Or(login.Folded(), in.Login)))
		often, err := within(w.Tx, "help login:"+digest, helpOfLogin, helpDay, "Nothing was taken.")
		if err != nil {
			return w.Fail(err)
		}
		u, err := w.Tx.UserByLogin(login)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return w.Fail(fmt.Errorf("find who asks: %w", err))
		}
		if often != nil || u.ID == "" {
			return quiet(w, problem.TooManyAttempts, op.Entry{})
		}
		about := op.Entry{Account: u.Account, Object: userObject(u.User)}
		open, err := mayEnter(w.Tx.ReadTx, u.Listed)
		if err != nil {
			return w.Fail(err)
		}
		if !open {
			return quiet(w, problem.Forbidden, about)
		}
		if err := putHelp(w.Tx, u.Listed, asked); err != nil {
			return w.Fail(err)
		}
		about.Detail = activity.Detail{"passwordShown": false, "what": asked.What, "reach": asked.Reach}
		return w.Done(None{}, about)
	}, nil
}

func listHelp(r *op.Reading, in HelpList) (Page[HelpRequest], error) {
	return helpPage(in, in.Paging, in.Order, func(f store.HelpFilter) (store.Rows[store.HelpRequest], error) { return r.Tx.Help(r.Scope(), f) }, showHelp)
}

// helpPage is a page of one of the lists of requests.
func helpPage(in Filtered, paging Paging, order store.HelpOrder, find func(store.HelpFilter) (store.Rows[store.HelpRequest], error), show func(store.HelpRequest) HelpRequest) (p Page[HelpRequest], err error) {
	limit, err := paging.limit()
	if err != nil {
		return p, err
	}
	where, err := conditions(in)
	if err := errors.Join(err, knownOrder(order, store.HelpOrders())); err != nil {
		return p, err
	}
	found, err := find(store.HelpFilter{Where: where, Order: order, Span: paging.span(limit)})
	if err != nil {
		return p, fmt.Errorf("list requests for help: %w", err)
	}
	all := []HelpRequest{}
	for _, h := range found.Rows {
		all = append(all, show(h))
	}
	return pageOf(paging, limit, found.Total, found.NextCursor, all), nil
}

func declineHelp(_ *op.Preparing, in HelpReason) (op.Commit[HelpRequest], error) {
	var form field.Form
	reason := field.Read(&form, "reason", field.Text(500), in.Reason)
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[HelpRequest]) op.Outcome[HelpRequest] {
		h, err := w.Tx.HelpRequest(w.Scope(), in.ID)
		if err != nil {
			return w.Fail(fmt.Errorf("find request: %w", err))
		}
		t, err := findTarget(w.Tx.ReadTx, w.Call, h.User)
		if err != nil {
			return w.Fail(err)
		}
		about := op.Entry{Object: userObject(t.User), Detail: activity.Detail{"reason": reason}}
		if p := t.guardHelp(w.Actor, h); p != nil {
			return w.Refuse(p, about)
		}
		if _, err := w.Tx.CloseHelp(t.Ref(), store.HelpDeclined, w.Actor.Name(), reason); err != nil {
			return w.Fail(fmt.Errorf("decline: %w", err))
		}
		if h, err = w.Tx.HelpRequest(w.Scope(), in.ID); err != nil {
			return w.Fail(fmt.Errorf("find request: %w", err))
		}
		return w.Done(showHelp(h), about)
	}, nil
}

// guardHelp says why the caller does not answer the request; nil when they do.
func (t target) guardHelp(a access.Actor, h store.HelpRequest) *problem.Problem {
	if h.State != store.HelpOpen {
		return errHelpClosed
	}
	if p := t.guard(a, ResetFactors); p != nil && p.Code != problem.Conflict { // that there is nothing to reset is a reason to decline
		return p
	}
	return nil
}

var errHelpClosed = problem.New(problem.Conflict, "This request is closed already.")

// masked is text of which a stranger learns nothing, and whoever knows it enough.
func masked(text string, first, last int) string {
	all := []rune(text)
	if len(all) <= first+last {
		return strings.Repeat("•", len(all))
	}
	return string(all[:first]) + strings.Repeat("•", len(all)-first-last) + string(all[len(all)-last:])
}

// maskedMobile keeps the country and the last two digits.
func maskedMobile(m user.Mobile) string {
	if m == "" {
		return ""
	}
	return masked(string(m), 3, 2)
}

// maskedEmail keeps the first character and where the mailbox is.
func maskedEmail(e user.Email) string {
	name, at, ok := strings.Cut(string(e), "@")
	if !ok {
		return ""
	}
	return masked(name, 1, 0) + "@" + at
}
