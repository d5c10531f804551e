package isproxy

// verb is what a client wants.
type verb uint8

const (
	verbNone verb = iota // an empty line
	verbUnknown
	verbGarbled // control characters
	verbStartTLS
	verbLogin
	verbIs
	verbEnable
	verbQuit
)

// maxArgs is one more than any command takes, to see that there are too many.
const maxArgs = 3

// command is a line taken apart. Its arguments are slices of the line.
type command struct {
	verb verb
	args [maxArgs][]byte
	n    int // arguments, maxArgs for any more
}

// parse takes a line apart. Words are separated by spaces and tabs; the CR of
// the line's end is trimmed like they are. Any other control character makes the
// line garbled: it could be read in two ways.
func parse(line []byte) command {
	for len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	for _, b := range line {
		if (b < ' ' && b != '\t') || b == 0x7f {
			return command{verb: verbGarbled}
		}
	}
	name, line := word(line)
	c := command{verb: verbOf(name)}
	for c.n < maxArgs {
		var arg []byte
		if arg, line = word(line); arg == nil {
			break
		}
		c.args[c.n] = arg
		c.n++
	}
	return c
}

func word(line []byte) (first, rest []byte) {
	start := 0
	for start < len(line) && blank(line[start]) {
		start++
	}
	end := start
	for end < len(line) && !blank(line[end]) {
		end++
	}
	if start == end {
		return nil, nil
	}
	return line[start:end], line[end:]
}

func blank(b byte) bool { return b == ' ' || b == '\t' }

func verbOf(name []byte) verb {
	switch {
	case len(name) == 0:
		return verbNone
	case same(name, "IS"):
		return verbIs
	case same(name, "LOGIN"):
		return verbLogin
	case same(name, "STARTTLS"):
		return verbStartTLS
	case same(name, "ENABLE"):
		return verbEnable
	case same(name, "QUIT"), same(name, "CLOSE"):
		return verbQuit
	}
	return verbUnknown
}

// same compares in any case, in ASCII: no other letter folds into a command.
func same(name []byte, upper string) bool {
	if len(name) != len(upper) {
		return false
	}
	for i, b := range name {
		if 'a' <= b && b <= 'z' {
			b -= 'a' - 'A'
		}
		if b != upper[i] {
			return false
		}
	}
	return true
}
