package isproxy

import (
	"bytes"
	"regexp"
	"testing"
	"testing/iotest"

	"gatehouse/internal/isproxy/check"
)

// Whatever comes, lines are found where their LF is, and parsing one takes
// nothing from outside of it.
func FuzzLines(f *testing.F) {
	for _, seed := range []string{"IS a.be\r\nLOGIN x y\r\n", "\n\n\r\n", "IS \xff\x00\n", "no end", string(bytes.Repeat([]byte("a"), maxLine)) + "\n"} {
		f.Add([]byte(seed))
	}
	echo := regexp.MustCompile(`^[-\w.]+$`)
	f.Fuzz(func(t *testing.T, input []byte) {
		for _, chopped := range []lines{{src: bytes.NewReader(input)}, {src: iotest.OneByteReader(bytes.NewReader(input))}, {src: iotest.DataErrReader(bytes.NewReader(input))}} {
			l := &chopped
			rest := input
			for {
				line, err := l.next()
				end := bytes.IndexByte(rest, '\n')
				if err != nil {
					if end >= 0 && end < maxLine {
						t.Fatalf("%v instead of the line %q", err, rest[:end])
					}
					break
				}
				if end < 0 || !bytes.Equal(line, rest[:end]) {
					t.Fatalf("the line %q in %q", line, rest)
				}
				cmd := parse(line)
				for i, arg := range cmd.args {
					if (arg != nil) != (i < cmd.n) || bytes.ContainsAny(arg, " \t\r\n\x00") {
						t.Fatalf("argument %d of %d is %q", i, cmd.n, arg)
					}
				}
				if cmd.verb == verbIs && cmd.n == 1 {
					q := check.Read(string(cmd.args[0]))
					if !echo.MatchString(q.Echo) || len(q.Echo) > 255 {
						t.Fatalf("%q is echoed as %q", cmd.args[0], q.Echo)
					}
					if q.Name != "" {
						if again := check.Read(q.Name); again.Name != q.Name {
							t.Fatalf("%q becomes %q, which becomes %q", cmd.args[0], q.Name, again.Name)
						}
					}
				}
				rest = rest[end+1:]
			}
		}
	})
}
