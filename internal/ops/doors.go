package ops

import (
	"time"

	"gatehouse/internal/field"
	"gatehouse/internal/secret"
)

// Doors are those of this process for programs. Package gate has them.
type Doors interface {
	// State of the doors, and what has passed through them, as of now.
	State() DoorsShown
	// Upstream behind the gateway; nil while none is open.
	Upstream() UpstreamProbe
	// Check notes what of a plan cannot be opened as things are now. It calls
	// nobody.
	Check(form *field.Form, p DoorPlan)
}

// DoorSwitch opens and closes the doors of this process. One caller at a time
// gets beyond Prepare.
type DoorSwitch interface {
	// Prepare takes the addresses and whatever else a plan needs. A
	// *problem.Problem says why that cannot be.
	Prepare(p DoorPlan) (Opening, error)
	// Close takes no more calls, and lets those under way come to their end
	// while others go on.
	Close()
}

// Opening is doors that are ready to be opened.
type Opening interface {
	State() DoorsShown // once they are open
	Open()
	Drop() // gives everything back, unless they were opened
}

// DoorPlan is what is opened.
type DoorPlan struct {
	Upstream   string   // address of the registrar's API; empty: no gateway
	Profile    string   // file that says what its routes mean; empty: the built-in one
	Sources    []string // of ISProxy, as 'gatehouse serve --upstream' takes them; none: no ISProxy
	ISProxyKey secret.Text
	ByItself   bool // the window opens them when it starts
}

// DoorState says whether the doors are open.
type DoorState string

// The states.
const (
	DoorsClosed  DoorState = "closed"
	DoorsOpen    DoorState = "open"
	DoorsClosing DoorState = "closing" // no new calls; those under way come to their end
)

// DoorStates lists them.
func DoorStates() []DoorState { return []DoorState{DoorsClosed, DoorsOpen, DoorsClosing} }

// DoorsShown are the doors of a process as people see them.
type DoorsShown struct {
	State   DoorState    `json:"state"`
	Since   *time.Time   `json:"since"`   // open since; null: not open
	HTTP    *HTTPDoor    `json:"http"`    // null: not open
	Gateway *GatewayDoor `json:"gateway"` // null: not open
	ISProxy *ISProxyDoor `json:"isproxy"` // null: not open
}

// HTTPDoor is the door for REST and the gateway.
type HTTPDoor struct {
	Address          string     `json:"address"` // where it listens: https://127.0.0.1:8480
	URL              string     `json:"url"`     // where programs find it: by the public name, where there is one
	TLS              bool       `json:"tls"`
	CertificateUntil *time.Time `json:"certificateUntil"` // null: without TLS
	App              bool       `json:"app"`              // browsers get the app there
}

// GatewayDoor is the API gateway and what has passed through it.
type GatewayDoor struct {
	Profile  string          `json:"profile"`
	Upstream string          `json:"upstream"` // with the base path
	Base     string          `json:"base"`     // path below which calls are the gateway's
	Requests int64           `json:"requests"` // that came
	Open     int64           `json:"open"`     // under way now
	Answered []DoorCount     `json:"answered"` // with the upstream's answer, by class: 2xx
	Refused  []DoorCount     `json:"refused"`  // nothing was sent on, by cause
	Failed   []DoorCount     `json:"failed"`   // without a whole answer, by cause
	Lost     int64           `json:"lost"`     // of processes that died; no answer is known
	Millis   int64           `json:"millis"`   // a call took on average; 0 before the first
	Minutes  []GatewayMinute `json:"minutes"`  // the last hour, oldest first; minutes without calls are left out
}

// DoorCount is how often something happened.
type DoorCount struct {
	What string `json:"what"`
	N    int64  `json:"n"`
}

// GatewayMinute is what happened in one.
type GatewayMinute struct {
	At       time.Time `json:"at"`
	Requests int64     `json:"requests"`
	Refused  int64     `json:"refused"`
	Failed   int64     `json:"failed"`
}

// ISProxyDoor is the door for checks of domains and what has passed through it.
type ISProxyDoor struct {
	Address     string   `json:"address"`
	TLS         bool     `json:"tls"`         // it can speak TLS
	TLSRequired bool     `json:"tlsRequired"` // keys come by TLS only
	Sources     []string `json:"sources"`     // in the order in which they are asked
	Connections int64    `json:"connections"` // open now
	Strangers   int64    `json:"strangers"`   // of them before LOGIN
	LetIn       int64    `json:"letIn"`
	Refused     int64    `json:"refused"`
	Questions   int64    `json:"questions"`
}
