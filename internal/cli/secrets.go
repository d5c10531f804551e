package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/term"

	"gatehouse/internal/op"
	"gatehouse/internal/secret"
)

// fromInput is what stands for a secret on the command line that comes from
// standard input: others on the machine can read command lines, and shells keep
// them.
const fromInput = "-"

// longestSecret bounds what is read for one, in bytes.
const longestSecret = 64 << 10

// isSecret says whether a field holds a secret, and whether it must be there.
func isSecret(f reflect.StructField) (secretly, must bool) {
	return f.Type == reflect.TypeFor[secret.Text](), !strings.Contains(f.Tag.Get("json"), ",omit")
}

// askSecrets reads from standard input, a line each, the secrets that an
// operation must have and that were not given, and those given as a dash.
func (e *env) askSecrets(info op.Info, values map[string]*[]string) error {
	in := bufio.NewReader(io.LimitReader(os.Stdin, longestSecret))
	for _, f := range reflect.VisibleFields(info.In) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		v := values[name]
		secretly, must := isSecret(f)
		if !secretly || v == nil || !slices.Equal(*v, []string{fromInput}) && (!must || len(*v) > 0) {
			continue
		}
		text, err := e.ask("--"+flagName(name), in)
		if err != nil {
			return err
		}
		*v = []string{text}
	}
	return nil
}

// ask reads one secret: what is typed at a terminal is not shown.
func (e *env) ask(flag string, in *bufio.Reader) (string, error) {
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		fmt.Fprintf(e.err, "%s (it is not shown): ", flag)
		typed, err := term.ReadPassword(fd)
		fmt.Fprintln(e.err)
		if err != nil {
			return "", fmt.Errorf("read %s: %w", flag, err)
		}
		return string(typed), nil
	}
	line, err := in.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read %s: %w", flag, err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errUsage{fmt.Errorf("%s is missing: please give it on standard input, as in 'gatehouse … <file'", flag)}
	}
	return line, nil
}
