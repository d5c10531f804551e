//go:build !cgo || !(desktop || dev) || !(linux || darwin)

package native_test

import (
	"context"
	"errors"
	"testing"

	"gatehouse/internal/securitykey/native"
)

func TestClient_notInBuild(t *testing.T) {
	for _, c := range []native.Client{{}, {Paths: []string{"/dev/null"}}} {
		_, listed := c.Devices()
		_, registered := c.Register(context.Background(), []byte(creationOptions), native.Person{})
		_, signed := c.SignIn(context.Background(), []byte(requestOptions), native.Person{})
		_, asked := c.Info(context.Background(), native.Device{})
		for _, err := range []error{listed, registered, signed, asked} {
			if !errors.Is(err, &native.Error{Code: native.NotInBuild}) {
				t.Errorf("got %v", err)
			}
		}
	}
}
