package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"golang.org/x/term"

	"gatehouse/internal/securitykey/native"
)

// adviceFor says what to do; empty where only the error itself helps.
func adviceFor(code native.Code) string {
	switch code {
	case native.NotInBuild:
		if runtime.GOOS == "windows" {
			return "on Windows, security keys are asked by Windows itself: please try yours in the window, under Profile, 2-factor authentication"
		}
		return "this build has no window, and no part for USB keys; please use the build with window, or a browser at the Gate"
	case native.NoKey:
		return "nobody plugged in a security key; please try again with one in a USB port"
	case native.NotPermitted:
		return "a security key is plugged in, and this program may not open it; on Debian, 'apt install libfido2-1' brings the udev rule that lets people at this computer use it (pull the key out and plug it in again); Flatpak and Snap need leave for devices"
	case native.NotSecurityKey:
		return "the device is no security key; 'gatehouse securitykey list' shows those that are"
	case native.Busy:
		return "another program is using the key; please close it, or wait, and try again"
	case native.Unplugged:
		return "the key was pulled out too early; please try again"
	case native.NotRegistered, native.AlreadyRegistered:
		return "the key does not know what it was asked a moment ago; was another one touched? please try again with one key only"
	case native.PINNeeded:
		return "the key needs its PIN; please run this at a terminal, or give it on standard input"
	case native.PINWrong:
		return "this was not the key's PIN."
	case native.PINLocked:
		return "too many wrong PINs in a row; pull the key out, plug it in again, and try again"
	case native.PINBlocked:
		return "the PIN is blocked for good; only its maker's program can reset the key, which then forgets every site"
	case native.PINExpired, native.PINNotSet:
		return "the key wants a new PIN first; please set one with its maker's program"
	case native.CannotVerify, native.CannotStore, native.NoAlgorithm:
		return "this key cannot do what Gatehouse asks for; please use another one"
	case native.FingerBlocked:
		return "too many wrong fingers; please use the key's PIN, or set one with its maker's program"
	case native.Full:
		return "the key has no room for another passkey; please remove one with its maker's program"
	case native.TimedOut:
		return "nobody touched the key in time; please try again"
	case native.Cancelled:
		return "cancelled; nothing was changed"
	case native.BadOptions, native.Failed:
	}
	return ""
}

// atTerminal leads whoever sits at the terminal, in words on standard error.
func (e *env) atTerminal() native.Person {
	in := bufio.NewReaderSize(os.Stdin, longestPIN)
	return native.Person{
		Tell: func(p native.Progress) {
			switch {
			case p.Step == native.StepPlugIn:
				fmt.Fprintln(e.err, "Please plug in your security key.")
			case p.Step == native.StepChoose:
				fmt.Fprintln(e.err, "Several keys are there. Please touch the one you mean.")
			case p.Step == native.StepTouch && p.Again:
				fmt.Fprintln(e.err, "That was another finger. Please touch it once more.")
			case p.Step == native.StepTouch:
				fmt.Fprintln(e.err, "Please touch the key now: it blinks.")
			}
		},
		PIN: func(ctx context.Context, r native.PINRequest) ([]byte, error) {
			if r.Wrong {
				fmt.Fprintln(e.err, "That was not the PIN.")
			}
			if r.Unfit {
				fmt.Fprintln(e.err, "That can be no PIN: it has 4 characters at least, and 63 at most. No try was lost.")
			}
			tries := ""
			if r.Tries > 0 {
				tries = fmt.Sprintf(", tries left: %d", r.Tries)
			}
			fmt.Fprintf(e.err, "PIN of the key (it is not shown%s): ", tries)
			pin, err := readPIN(ctx, in)
			fmt.Fprintln(e.err)
			return pin, err
		},
	}
}

// longestPIN bounds a line, in bytes; a PIN has 63 at most.
const longestPIN = 1 << 10

// readPIN reads what is typed without showing it, or a line where there is no
// terminal. When ctx ends first, the terminal is as it was.
func readPIN(ctx context.Context, in *bufio.Reader) ([]byte, error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	atTerminal := err == nil
	type read struct {
		pin []byte
		err error
	}
	typed := make(chan read, 1)
	go func() {
		if atTerminal {
			pin, err := term.ReadPassword(fd)
			typed <- read{pin, err}
			return
		}
		line, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) > 0 {
			err = nil
		}
		pin := bytes.Clone(bytes.TrimRight(line, "\r\n"))
		clear(line) // in the reader's buffer
		typed <- read{pin, err}
	}()
	select {
	case r := <-typed:
		return r.pin, r.err
	case <-ctx.Done():
		if atTerminal {
			if err := term.Restore(fd, before); err != nil {
				return nil, errors.Join(ctx.Err(), err)
			}
		}
		return nil, ctx.Err()
	}
}
