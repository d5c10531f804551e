//go:build unix

package softkey

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Control plugs the key in under link and does what the lines of in say, until
// it ends or says "quit". To each line it answers one: "ok", with what was
// asked for, or "error" and why. Before the first it writes "ready" and the
// link. The lines are
//
//	plug                  unplug
//	touch always          touch never           touch once
//	pin 1234              pin none              tries 3
//	finger right          finger wrong          counter 7
//	add RPID USER NAME    (answers the id in base64url)
//	forget                list                  quit
//
// USER is the user handle in base64url.
func (k *Key) Control(link string, in io.Reader, out io.Writer) error {
	d := desk{key: k, link: link}
	if _, err := d.do([]string{"plug"}); err != nil {
		return err
	}
	defer d.unplug()
	if _, err := fmt.Fprintln(out, "ready", link); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		if words[0] == "quit" {
			return nil
		}
		answer, err := d.do(words)
		line := strings.TrimSpace("ok " + answer)
		if err != nil {
			line = "error " + err.Error()
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return lines.Err()
}

// desk is where the key lies, or is plugged in.
type desk struct {
	key  *Key
	link string
	plug *Plug
}

func (d *desk) unplug() {
	if d.plug != nil {
		d.plug.Out()
		d.plug = nil
	}
}

func (d *desk) do(words []string) (string, error) {
	k, said := d.key, strings.Join(words, " ")
	switch said {
	case "plug":
		d.unplug()
		plug, err := k.Plug(d.link)
		d.plug = plug
		return "", err
	case "unplug":
		d.unplug()
		return "", nil
	case "touch always", "touch never":
		k.TouchAlways(words[1] == "always")
		return "", nil
	case "touch once":
		k.TouchOnce()
		return "", nil
	case "pin none":
		k.SetPIN("")
		return "", nil
	case "finger right", "finger wrong":
		k.SetFinger(words[1] == "right")
		return "", nil
	case "forget":
		k.Forget()
		return "", nil
	case "list":
		ids := []string{}
		for _, id := range k.Credentials() {
			ids = append(ids, base64.RawURLEncoding.EncodeToString(id))
		}
		return strings.Join(ids, " "), nil
	}
	return d.set(words)
}

func (d *desk) set(words []string) (string, error) {
	switch {
	case words[0] == "pin" && len(words) == 2:
		d.key.SetPIN(words[1])
		return "", nil
	case words[0] == "tries" && len(words) == 2:
		n, err := strconv.Atoi(words[1])
		if err == nil {
			d.key.SetTries(n)
		}
		return "", err
	case words[0] == "counter" && len(words) == 2:
		n, err := strconv.ParseUint(words[1], 10, 32)
		if err == nil {
			d.key.SetCounter(uint32(n))
		}
		return "", err
	case words[0] == "add" && len(words) == 4:
		user, err := base64.RawURLEncoding.DecodeString(words[2])
		if err != nil {
			return "", err
		}
		id, err := d.key.Add(words[1], user, words[3])
		return base64.RawURLEncoding.EncodeToString(id), err
	}
	return "", fmt.Errorf("%q is nothing to do", strings.Join(words, " "))
}
