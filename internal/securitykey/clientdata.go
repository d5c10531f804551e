package securitykey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/go-webauthn/webauthn/protocol"
)

const maxClientData = 8 << 10

// clientData is stricter than the library about what the client says it signed:
// the library takes names in any case, the last one of several, and every
// origin with the same host, whatever else is in it. No page of ours is in a
// frame of anybody's.
func (p Pending) clientData(raw []byte, kind protocol.CeremonyType) error {
	if len(raw) > maxClientData {
		return errors.New("client data is far too long")
	}
	members, err := object(raw)
	if err != nil {
		return err
	}
	for _, m := range []struct{ name, want string }{
		{"type", string(kind)}, {"challenge", p.Session.Challenge}, {"origin", p.Site.Origin},
	} {
		var got *string
		if err := json.Unmarshal(members[m.name], &got); err != nil || got == nil || *got != m.want {
			return fmt.Errorf("%s of client data is %.100q, not %q", m.name, members[m.name], m.want)
		}
	}
	if framed, given := members["crossOrigin"]; given && string(framed) != "false" {
		return errors.New("client data is of a page in a frame")
	}
	if _, given := members["topOrigin"]; given {
		return errors.New("client data is of a page in a frame")
	}
	return nil
}

// object reads one JSON object, of which every name must stand there once.
func object(raw []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("client data is no object")
	}
	members := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("read client data: %w", err)
		}
		name, _ := t.(string)
		if _, twice := members[name]; twice {
			return nil, fmt.Errorf("%.100q stands twice in client data", name)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, fmt.Errorf("read client data: %w", err)
		}
		members[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("read client data: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows client data")
	}
	return members, nil
}
