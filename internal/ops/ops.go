// Package ops is everything Gatehouse can do, one file per noun. An operation
// here is a rule, a prepared part (reading, parsing, hashing) and a short part
// that commits; who is calling, whether they may, and the record in the log
// are the engine's business (package op).
package ops

import (
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/password"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/vault"
)

// Place says which face the process shows people.
type Place string

// The places.
const (
	AtDesk Place = "desk"
	AtGate Place = "gate"
)

// Dependencies of the operations.
type Dependencies struct {
	Vault   *vault.Vault
	Key     vault.Source // where the vault's key is kept
	Hasher  *password.Hasher
	Version string
	Place   Place
	BaseURL string // where people's browsers find this process, when the settings do not say; empty: nowhere

	// Doors are those of this process for programs; nil where there can be none.
	Doors Doors
	// Switch opens and closes them; nil where they are open as long as the process
	// runs, or never.
	Switch DoorSwitch

	// SetupCode checks the code that the process printed for set-up; nil where
	// none is needed, since whoever sits at the Desk owns the database.
	SetupCode func(typed secret.Text) bool
}

// Operations is the table, by noun and verb.
type Operations struct {
	table   op.Table
	deps    Dependencies
	guesses lines         // at passwords
	wake    chan struct{} // tells the courier that something was queued

	tellings map[string][]telling // by event

	Installation  installationOps
	Setup         setupOps
	Activation    activationOps
	Session       sessionOps
	Profile       profileOps
	SecondFactors secondFactorOps
	Users         userOps
	ServiceUsers  serviceUserOps
	Sessions      sessionsOps
	Permissions   permissionOps
	Roles         roleOps
	Activity      activityOps
	Settings      settingsOps
	Delivery      deliveryOps
	Templates     templateOps
	Outbox        outboxOps
	Accounts      accountsOps
	Account       accountOps
	BreakGlass    breakGlassOps
	Coverage      coverageOps
	Password      passwordOps
	HelpRequests  helpOps
	AdminHelp     adminHelpOps
	Keys          keyOps
	Upstreams     upstreamOps
	Gateway       gatewayOps
	Gate          gateOps
}

// New builds the table. It panics when an operation is not whole.
func New(d Dependencies) *Operations {
	o := &Operations{deps: d, wake: make(chan struct{}, 1), tellings: tellings()}
	o.table.Follow(o.notify)
	o.addInstallation()
	o.addSetup()
	o.addActivation()
	o.addSession()
	o.addProfile()
	o.addSecondFactors()
	o.addUsers()
	o.addServiceUsers()
	o.addSessions()
	o.addPermissions()
	o.addRoles()
	o.addActivity()
	o.addSettings()
	o.addDelivery()
	o.addTemplates()
	o.addOutbox()
	o.addAccounts()
	o.addAccount()
	o.addBreakGlass()
	o.addCoverage()
	o.addOwnNotices()
	o.addForgotten()
	o.addHelp()
	o.addAdminHelp()
	o.addPasswordEntry()
	o.addKeys()
	o.addKeyEnds()
	o.addUpstreams()
	o.addGateway()
	o.addGate()
	return o
}

// Table of every operation.
func (o *Operations) Table() *op.Table { return &o.table }

// None is the input or answer of an operation that has none.
type None struct{}

// Pagination tells which part of a list a page is.
type Pagination struct {
	Limit          int    `json:"limit"`
	Offset         int    `json:"offset"`
	Total          int    `json:"total"`
	TotalIsMinimum bool   `json:"totalIsMinimum"` // there are more than total
	NextCursor     string `json:"nextCursor"`     // empty on the last page
}

// Page is a page of a list.
type Page[T any] struct {
	Entities   []T        `json:"entities"`
	Pagination Pagination `json:"pagination"`
}

// Paging is how every list is asked for a page.
type Paging struct {
	Limit  *int   `json:"limit,omitempty"`  // 50 when left out, at most 200; 0 only counts
	Offset int    `json:"offset,omitempty"` // at most 10000; use the cursor to go on further
	Cursor string `json:"cursor,omitempty"` // nextCursor of the page before
	Total  *bool  `json:"total,omitempty"`  // false: do not count
}

func (p Paging) uncounted() bool { return p.Total != nil && !*p.Total }

const defaultPage = 50

func (p Paging) limit() (int, error) {
	n := defaultPage
	if p.Limit != nil {
		n = *p.Limit
	}
	if n < 0 || n > store.MaxPage {
		return 0, problem.Newf(problem.InvalidRequest, "A page has at most %d entries; please ask for a limit between 0 and %d.", store.MaxPage, store.MaxPage)
	}
	if p.Offset < 0 || p.Offset > store.MaxOffset {
		return 0, problem.Newf(problem.InvalidRequest, "The offset goes up to %d; please go on with the cursor of the page before.", store.MaxOffset)
	}
	return n, nil
}

func (p Paging) span(limit int) store.Span {
	return store.Span{Limit: limit, Offset: p.Offset, Cursor: p.Cursor, Uncounted: p.uncounted()}
}

// pageOf is the answer to a list.
func pageOf[T any](p Paging, limit int, total store.Total, next string, entities []T) Page[T] {
	return Page[T]{entities, Pagination{Limit: limit, Offset: p.Offset, Total: total.Count, TotalIsMinimum: total.Minimum || p.uncounted(), NextCursor: next}}
}

// RoleRef names a role.
type RoleRef struct {
	ID   id.Role `json:"id"`
	Name string  `json:"name"`
}
