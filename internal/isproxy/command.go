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
	var c command
	var name []byte
	for i := 0; i < len(line); {
		if line[i] == ' ' || line[i] == '\t' {
			i++
			continue
		}
		start := i
		for i < len(line) && line[i] > ' ' && line[i] != 0x7f {
			i++
		}
		if i < len(line) && line[i] != ' ' && line[i] != '\t' {
			return command{verb: verbGarbled}
		}
		switch word := line[start:i]; {
		case name == nil:
			name = word
		case c.n < maxArgs:
			c.args[c.n] = word
			c.n++
		}
	}
	c.verb = verbOf(name)
	return c
}

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
