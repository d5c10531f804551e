// Package offline answers from a file: which names are taken below suffixes
// that the file covers. It needs no network. The file's form is described in
// docs/isproxy.md.
package offline

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"strconv"
	"strings"

	"gatehouse/internal/isproxy/check"
)

// maxShown is how many wrong lines are told; the rest is counted.
const maxShown = 20

// LineError is a line that could not be understood.
type LineError struct {
	Line int // from 1
	Text string
}

// Error says which line, and what is wrong with it.
func (e LineError) Error() string { return "line " + strconv.Itoa(e.Line) + ": " + e.Text }

// Errors are the wrong lines of a file. None of the file is used then: a taken
// name that was lost would be sold twice.
type Errors struct {
	Lines []LineError // the first ones
	More  int         // how many are not among them
}

// Error lists the lines, with a line for each.
func (e *Errors) Error() string {
	var b strings.Builder
	for i, l := range e.Lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l.Error())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\nand %d more", e.More)
	}
	return b.String()
}

// List is a file in memory. A million names take about 30 MB: their text stands
// in one block, and a table of offsets finds them.
type List struct {
	seed     maphash.Seed
	block    []byte         // for each name: length, name, index of its answer (2 bytes)
	table    []uint32       // offset into block + 1, or 0; open addressing
	mask     uint64         // len(table) is a power of two
	names    int            // in all
	answers  []check.Answer // the different ones
	suffixes map[string]bool
}

const answerSize = 2

// Read reads a list. The error is *Errors when lines are wrong.
func Read(r io.Reader) (*List, error) {
	p := parsing{
		list:  &List{seed: maphash.MakeSeed(), suffixes: map[string]bool{}, answers: []check.Answer{{Status: check.Taken}}},
		index: map[check.Answer]int{{Status: check.Taken}: 0},
	}
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 64<<10), 64<<10)
	n := 0
	for in.Scan() {
		n++
		line := in.Bytes()
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if err := p.line(line); err != nil {
			p.wrong(n, err)
		}
	}
	if errors.Is(in.Err(), bufio.ErrTooLong) {
		p.wrong(n+1, errors.New("it is longer than 64 KiB"))
	} else if in.Err() != nil {
		return nil, fmt.Errorf("read the list of domains: %w", in.Err())
	}
	if len(p.errors.Lines) > 0 {
		return nil, &p.errors
	}
	p.list.tabulate()
	return p.list, nil
}

// Len returns how many names the list has.
func (l *List) Len() int { return l.names }

type parsing struct {
	list   *List
	index  map[check.Answer]int
	errors Errors
}

func (p *parsing) wrong(line int, err error) {
	if len(p.errors.Lines) == maxShown {
		p.errors.More++
		return
	}
	p.errors.Lines = append(p.errors.Lines, LineError{line, err.Error()})
}

func (p *parsing) line(line []byte) error {
	name, rest := cut(string(line))
	if name == "" || name[0] == '#' {
		return nil
	}
	if suffix, ok := strings.CutPrefix(name, "."); ok {
		if rest != "" {
			return errors.New("a suffix stands alone on its line")
		}
		q := check.Read("a." + suffix)
		if q.Name == "" {
			return fmt.Errorf("%.80q is no suffix", name)
		}
		p.list.suffixes[q.Name[len("a."):]] = true
		return nil
	}
	q := check.Read(name)
	if q.Name == "" {
		return fmt.Errorf("%.80q is no domain name", name)
	}
	a, err := state(rest)
	if err != nil {
		return err
	}
	i, ok := p.index[a]
	if !ok {
		if i = len(p.list.answers); i > math.MaxUint16 {
			return errors.New("there are more than 65,536 different reasons and prices")
		}
		p.index[a] = i
		p.list.answers = append(p.list.answers, a)
	}
	return p.list.add(q.Name, i)
}

// state reads what is said about a name: nothing, or a word with details.
func state(text string) (check.Answer, error) {
	word, rest := cut(text)
	switch {
	case word == "" || word == "taken":
		return check.Answer{Status: check.Taken, Reason: rest}, nil
	case word == "available" && rest == "":
		return check.Answer{Status: check.Available}, nil
	case word == "premium":
		if f := strings.Fields(rest); len(f) == 2 && digits(f[0]) && len(f[1]) == 3 && strings.ToUpper(f[1]) == f[1] {
			return check.Answer{Status: check.Available, Premium: check.Premium{Price: f[0], Currency: f[1]}}, nil
		}
		return check.Answer{}, errors.New("after premium come a price and a currency, like: premium 1500 USD")
	}
	return check.Answer{}, fmt.Errorf("after the name comes nothing, taken, available or premium, and not %.80q", text)
}

// cut takes the first word off.
func cut(text string) (word, rest string) {
	text = strings.TrimSpace(text)
	if i := strings.IndexAny(text, " \t"); i >= 0 {
		return text[:i], strings.TrimSpace(text[i:])
	}
	return text, ""
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func (l *List) add(name string, answer int) error {
	if len(l.block) > math.MaxUint32-300 {
		return errors.New("the list is too large")
	}
	l.block = append(l.block, byte(len(name)))
	l.block = append(l.block, name...)
	l.block = append(l.block, byte(answer>>8), byte(answer))
	return nil
}

// tabulate makes the table. Of a name that is there twice, the later line counts.
func (l *List) tabulate() {
	l.block = bytes.Clone(l.block) // without the room for more
	n := 0
	for at := 0; at < len(l.block); at += 1 + int(l.block[at]) + answerSize {
		n++
	}
	size := 8
	for size < n+n/2 {
		size *= 2
	}
	l.table = make([]uint32, size)
	l.mask = uint64(size - 1)
	for at := 0; at < len(l.block); at += 1 + int(l.block[at]) + answerSize {
		slot := l.slot(string(l.at(at)))
		if l.table[slot] == 0 {
			l.names++
		}
		l.table[slot] = uint32(at) + 1
	}
}

func (l *List) at(offset int) []byte {
	return l.block[offset+1 : offset+1+int(l.block[offset])]
}

// slot returns where name is in the table, or would be.
func (l *List) slot(name string) uint64 {
	for i := maphash.String(l.seed, name) & l.mask; ; i = (i + 1) & l.mask {
		if l.table[i] == 0 || string(l.at(int(l.table[i])-1)) == name {
			return i
		}
	}
}

// Lookup returns what the list says about a name. A name that is not on it is
// available when its suffix is covered; else the list says nothing.
func (l *List) Lookup(domain string) (check.Answer, bool) {
	if at := int(l.table[l.slot(domain)]) - 1; at >= 0 {
		end := at + 1 + int(l.block[at])
		return l.answers[int(l.block[end])<<8|int(l.block[end+1])], true
	}
	// Only names directly below a suffix can be registered there: of deeper ones
	// the list cannot know.
	if _, suffix, _ := strings.Cut(domain, "."); l.suffixes[suffix] {
		if l.suffixes[domain] {
			return check.Answer{Status: check.Taken}, true
		}
		return check.Answer{Status: check.Available}, true
	}
	return check.Answer{}, false
}
