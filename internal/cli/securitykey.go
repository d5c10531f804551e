package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gatehouse/internal/field"
	"gatehouse/internal/securitykey"
	"gatehouse/internal/securitykey/native"
)

// Exit codes of securitykey, beside those of all commands.
const (
	exitNoKey        = 3
	exitNotPermitted = 4
	exitNoUSB        = 5
)

// keyTrouble is why a security key did not work, with what to do about it.
type keyTrouble struct {
	code   native.Code
	advice string
	exit   int
	cause  error
}

func (k *keyTrouble) Error() string { return k.advice }
func (k *keyTrouble) Unwrap() error { return k.cause }

func (e *env) fidoFlag(flags *pflag.FlagSet) {
	flags.StringArrayVar(&e.fidoDevices, "fido-device", nil, "device of a security key, and no other is looked for; may be repeated (GATEHOUSE_FIDO_DEVICE)")
}

func (e *env) securityKeyCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "securitykey", Short: "Look for security keys on this computer, and try one",
		Long: "Looks for security keys in the USB ports of this computer, and tries whether one\n" +
			"works with Gatehouse. Nothing is kept, and no database is opened.\n\n" +
			"Exit codes: 0 it works, 1 it does not, 2 wrong usage, 3 no key is there, 4 a key is\n" +
			"there and may not be opened, 5 this build has no part for USB keys.",
	}
	list := &cobra.Command{
		Use: "list", Short: "List the security keys that are plugged in", Args: usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			keys, err := e.securityKeys()
			if err != nil {
				return err
			}
			return e.printKeys(keys)
		},
	}
	test := &cobra.Command{
		Use: "test", Short: "Register a security key and sign in with it, in memory only", Args: usageArgs(cobra.NoArgs),
		Long: "Lists the security keys that are plugged in, registers one and signs in with it, as\n" +
			"the Desk would, and forgets it again. Where a key has no room to spare, use another.",
		RunE: func(c *cobra.Command, _ []string) error { return e.testSecurityKey(c.Context()) },
	}
	c.AddCommand(list, test)
	e.fidoFlag(list.Flags())
	e.fidoFlag(test.Flags())
	return group(c)
}

// securityKeys are those that are plugged in.
func (e *env) securityKeys() ([]native.Device, error) {
	keys, err := native.Client{Paths: e.fidoDevices}.Devices()
	if err != nil {
		return nil, troubleOf(err)
	}
	return keys, nil
}

func (e *env) printKeys(keys []native.Device) error {
	if e.json {
		return e.printJSON(map[string]any{"keys": keys})
	}
	if len(keys) == 0 {
		fmt.Fprintln(e.err, "none")
		return nil
	}
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "DEVICE\tNAME\tMODEL\tPERMITTED")
	for _, k := range keys {
		permitted := "yes"
		if !k.Permitted {
			permitted = "no"
		}
		fmt.Fprintf(w, "%s\t%s\t%04x:%04x\t%s\n", printable(k.Path), printable(k.Name), k.Vendor, k.Product, permitted)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, k := range keys {
		if !k.Permitted {
			fmt.Fprintf(e.err, "%s\n", adviceFor(native.NotPermitted))
			break
		}
	}
	return nil
}

// printable shows what a device says of itself, which may be anything.
func printable(s string) string {
	if s == "" {
		return "–"
	}
	return field.Printable(s, math.MaxInt)
}

// keyTested is what a key did.
type keyTested struct {
	Keys       []native.Device `json:"keys"`
	Registered bool            `json:"registered"`
	SignedIn   bool            `json:"signedIn"`
	Verified   bool            `json:"verified"` // by PIN or finger
	Model      string          `json:"model,omitempty"`
	Passkey    bool            `json:"passkey"` // it can sign in alone
	Failure    native.Code     `json:"failure,omitempty"`
}

// testSecurityKey is a relying party with one user who is gone when it ends.
func (e *env) testSecurityKey(ctx context.Context) error {
	keys, err := e.securityKeys()
	if err != nil {
		return err
	}
	done := keyTested{Keys: keys}
	if !e.json {
		if err := e.printKeys(keys); err != nil {
			return err
		}
	}
	failed := e.tryKey(ctx, &done)
	if trouble, ok := errors.AsType[*keyTrouble](failed); ok {
		done.Failure = trouble.code
	} else if failed != nil {
		done.Failure = native.Failed
	}
	if e.json {
		return errors.Join(e.printJSON(done), failed)
	}
	return failed
}

func (e *env) tryKey(ctx context.Context, done *keyTested) error {
	client, person := native.Client{Paths: e.fidoDevices}, e.atTerminal()
	site := securitykey.AtDesk(0)
	handle := make([]byte, 32)
	rand.Read(handle)
	user := securitykey.Person{Handle: handle, Login: "test", Name: "Gatehouse test"}

	fmt.Fprintln(e.err, "Registering …")
	asked, options, err := site.Register(user, time.Now())
	if err != nil {
		return err
	}
	answer, err := client.Register(ctx, options, person)
	if err != nil {
		return troubleOf(err)
	}
	credential, err := asked.Registered(user, answer)
	if err != nil {
		return fmt.Errorf("the answer to the registration: %w", err)
	}
	done.Registered, done.Model = true, credential.Model()
	done.Passkey = credential.Discoverable != nil && *credential.Discoverable
	fmt.Fprintf(e.err, "Registered: %s.\n", printable(credential.Model()))

	user.Keys = []securitykey.Credential{credential}
	fmt.Fprintln(e.err, "Signing in …")
	asked, options, err = site.Ask(user, time.Now())
	if err != nil {
		return err
	}
	if answer, err = client.SignIn(ctx, options, person); err != nil {
		return troubleOf(err)
	}
	read, err := securitykey.Read(answer)
	if err != nil {
		return fmt.Errorf("the answer to the sign-in: %w", err)
	}
	if credential, err = asked.Answered(user, read); err != nil {
		return fmt.Errorf("the answer to the sign-in: %w", err)
	}
	done.SignedIn, done.Verified = true, credential.Verified()
	if e.json {
		return nil
	}
	proof := "by touch alone, since it has no PIN"
	if done.Verified {
		proof = "by PIN or finger, and touch"
	}
	_, err = fmt.Fprintf(e.out, "This key works with Gatehouse: it registered and signed in, %s. Nothing of it was kept.\n", proof)
	return err
}

// troubleOf says what a person can do about an error of a key.
func troubleOf(err error) error {
	known, ok := errors.AsType[*native.Error](err)
	if !ok {
		return err
	}
	t := &keyTrouble{code: known.Code, advice: adviceFor(known.Code), exit: exitFailed, cause: err}
	if t.advice == "" {
		t.advice = err.Error()
	}
	if exit, ok := map[native.Code]int{
		native.NoKey: exitNoKey, native.NotPermitted: exitNotPermitted, native.NotInBuild: exitNoUSB,
	}[known.Code]; ok {
		t.exit = exit
	}
	if known.Code == native.PINWrong && known.Tries > 0 {
		t.advice += fmt.Sprintf(" Tries left: %d.", known.Tries)
	}
	return t
}
