package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
)

// What became of calls that got no answer, or not all of it. These words are in
// the log and in the figures, and are stable.
const (
	causeUnreachable = "unreachable" // no connection: nothing was sent
	causeInsecure    = "insecure"    // a certificate that is not right: nothing was sent
	causeSlow        = "timeout"     // no answer in time, or it stopped coming
	causeBroke       = "broke_off"   // the connection ended
	causeGone        = "client_gone" // whoever called did not wait
	causeRefused     = "credential_refused"
	causeRedirect    = "redirect"
	causeUnreadable  = "unreadable" // an answer that cannot be looked into
)

// causeOf says in one word why the upstream did not answer. What an error says
// beyond that may name addresses, and is nobody's business.
func causeOf(err error) string {
	var (
		verify  *tls.CertificateVerificationError
		host    x509.HostnameError
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
		alert   tls.AlertError
		dial    *net.OpError
		slow    net.Error
	)
	switch {
	case errors.As(err, &verify), errors.As(err, &host), errors.As(err, &unknown), errors.As(err, &invalid), errors.As(err, &record), errors.As(err, &alert):
		return causeInsecure
	case errors.As(err, &dial) && dial.Op == "dial":
		return causeUnreachable
	case errors.As(err, &slow) && slow.Timeout(), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return causeSlow
	}
	return causeBroke
}
