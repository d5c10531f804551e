package delivery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// Cause says in one word why a message was not taken.
type Cause string

// The causes.
const (
	NotSetUp         Cause = "not_set_up"        // mail or SMS is not set up (any more)
	UnknownHost      Cause = "unknown_host"      // no such name
	Unreachable      Cause = "unreachable"       // nobody answers there
	TimedOut         Cause = "timed_out"         // too slow
	BrokenOff        Cause = "broken_off"        // the connection ended in the middle
	NoTLS            Cause = "no_tls"            // the server offers no encryption
	Certificate      Cause = "certificate"       // it is not the server it says it is
	CAFile           Cause = "ca_file"           // our file of authorities cannot be read
	LoginRefused     Cause = "login_refused"     // user name or password
	SenderRefused    Cause = "sender_refused"    // our address
	RecipientRefused Cause = "recipient_refused" // theirs
	Refused          Cause = "refused"           // the message, for good
	Busy             Cause = "busy"              // the server asks to come again
	Expired          Cause = "expired"           // the link in it is dead before it could be sent
	Failed           Cause = "failed"            // anything else
)

// Causes lists them all, for catalogues.
func Causes() []Cause {
	return []Cause{
		NotSetUp, UnknownHost, Unreachable, TimedOut, BrokenOff, NoTLS, Certificate, CAFile, LoginRefused,
		SenderRefused, RecipientRefused, Refused, Busy, Expired, Failed,
	}
}

var sentences = map[Cause]string{
	NotSetUp:         "Mail or SMS is not set up.",
	UnknownHost:      "There is no server of that name.",
	Unreachable:      "The server does not answer.",
	TimedOut:         "The server took too long.",
	BrokenOff:        "The connection broke off.",
	NoTLS:            "The server offers no encryption, so nothing was sent to it.",
	Certificate:      "The certificate of the server is not right, so nothing was sent to it.",
	CAFile:           "The file of certificate authorities cannot be read.",
	LoginRefused:     "The server refuses the user name or password.",
	SenderRefused:    "The server refuses the sender's address.",
	RecipientRefused: "The server refuses the recipient.",
	Refused:          "The server refuses the message.",
	Busy:             "The server asks to try again later.",
	Expired:          "It could not be sent before its link expired.",
	Failed:           "It could not be sent.",
}

// Failure is why a message was not taken.
type Failure struct {
	Cause     Cause
	Permanent bool   // trying again is of no use
	Said      string // by the server, made fit to show; may be empty
}

func (f *Failure) Error() string {
	text := sentences[f.Cause]
	if f.Said != "" {
		text += " It says: " + f.Said
	}
	return text
}

// failure finds the cause of what went wrong on the way to a server.
func failure(err error) *Failure {
	var (
		dns         *net.DNSError
		unknown     x509.UnknownAuthorityError
		host        x509.HostnameError
		invalid     x509.CertificateInvalidError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
		network     net.Error
	)
	as := func(c Cause) *Failure { return &Failure{Cause: c} }
	switch {
	case errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &invalid), errors.As(err, &certificate):
		return as(Certificate)
	case errors.As(err, &record), errors.As(err, &alert):
		return as(NoTLS)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return as(TimedOut)
	case errors.As(err, &dns) && !dns.IsTimeout:
		return as(UnknownHost)
	case errors.As(err, &network) && network.Timeout():
		return as(TimedOut)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return as(Unreachable)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed):
		return as(BrokenOff)
	}
	return as(Failed)
}

// loopback is a dialer's control that refuses every other machine: what is not
// encrypted does not leave this one, whatever a name stands for.
func loopback(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("read address: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return errNotLoopback
	}
	return nil
}

// notLinkLocal is a dialer's control that stays away from link-local addresses:
// there, clouds hand out the credentials of the machine itself.
func notLinkLocal(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("read address: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.IsMulticast() {
		return errLinkLocal
	}
	return nil
}

var errLinkLocal = errors.New("link-local address")

var errNotLoopback = errors.New("not on this machine, and not encrypted")

// Local reports whether a host is this machine by its name.
func Local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
