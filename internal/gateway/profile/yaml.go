package profile

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"gatehouse/internal/field"
)

// Limits of a file.
const (
	MaxFile    = 1 << 20 // bytes
	MaxEntries = 2000
	maxText    = 200 // characters of one value
)

// reader goes over a file and gathers what is wrong in it.
type reader struct {
	faults Faults
	lines  int // of the file; what is missing at its end is missing on the last
}

func (r *reader) wrong(at *yaml.Node, text string) {
	r.faults = append(r.faults, Fault{min(at.Line, r.lines), at.Column, text})
}

// parse reads the one document of a file; nil when that cannot be done.
func (r *reader) parse(text []byte) *yaml.Node {
	fail := func(line int, text string) *yaml.Node {
		r.faults = append(r.faults, Fault{Line: line, Column: min(line, 1), Text: text})
		return nil
	}
	switch {
	case len(text) > MaxFile:
		return fail(0, "The file is larger than 1 MiB; please split it, or leave out what is not used.")
	case !utf8.Valid(text):
		return fail(0, "The file is not UTF-8; please save it as UTF-8.")
	}
	r.lines = bytes.Count(text, []byte("\n")) + 1
	// YAML has more ends of a line than editors have, which would then count
	// others than we do.
	odd := func(r rune) bool {
		return r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r < ' ' && r != '\n' && r != '\t'
	}
	text = bytes.ReplaceAll(bytes.TrimPrefix(text, []byte("\ufeff")), []byte("\r\n"), []byte("\n"))
	if at := bytes.IndexFunc(text, odd); at >= 0 {
		return fail(bytes.Count(text[:at], []byte("\n"))+1, "The file has a character that cannot be shown on this line; please take it out.")
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF), err == nil && len(doc.Content) == 0:
		return fail(1, "The file is empty; please begin with name, base and entries.")
	case err != nil:
		return fail(min(lineOf(err), r.lines), "This is not YAML: "+strings.TrimPrefix(field.Printable(err.Error(), maxText), "yaml: ")+". Please mend it around here.")
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		return fail(min(second.Line, r.lines), "A file has one profile; please leave out what follows the line ---.")
	}
	return doc.Content[0]
}

// lineOf finds the line in an error of the parser, which has it only as text.
func lineOf(err error) int {
	m := regexp.MustCompile(`line (\d+)`).FindStringSubmatch(err.Error())
	if m == nil {
		return 1
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// plain refuses what YAML can and a profile should not: a value that stands
// somewhere else, or a type that is not what it looks like.
func (r *reader) plain(n *yaml.Node) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.wrong(n, "Please write this out: a profile has no anchors (&) and no aliases (*). A text that begins with * goes in quotes.")
	case n.Style&yaml.TaggedStyle != 0:
		r.wrong(n, "Please leave out the tag (!): a profile has texts, lists, true and false.")
	default:
		return true
	}
	return false
}

// mapping reads a mapping, key by key. Keys that read does not know are wrong,
// and so are those that come twice.
func (r *reader) mapping(n *yaml.Node, what string, known string, read map[string]func(key, value *yaml.Node)) {
	if !r.plain(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.wrong(n, "Please give "+what+" as keys and values: "+known+".")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if !r.plain(k) {
			continue
		}
		f, ok := read[k.Value]
		switch {
		case k.Kind != yaml.ScalarNode || !ok:
			r.wrong(k, "The key "+quoted(k.Value)+" is not known here; "+what+" has "+known+".")
		case seen[k.Value]:
			r.wrong(k, "The key "+quoted(k.Value)+" is here twice; please keep one.")
		default:
			seen[k.Value] = true
			f(k, v)
		}
	}
}

// text reads a text that is not empty.
func (r *reader) text(n *yaml.Node, what string) (string, bool) {
	if !r.plain(n) {
		return "", false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" || strings.TrimSpace(n.Value) != n.Value || n.Value == "" {
		r.wrong(n, "Please give "+what+" as a text; in quotes, if it looks like a number or like true, false or null.")
		return "", false
	}
	if utf8.RuneCountInString(n.Value) > maxText || field.Clean(n.Value) != nil {
		r.wrong(n, "Please shorten "+what+" to one line of at most 200 ordinary characters.")
		return "", false
	}
	return n.Value, true
}

// texts reads a list of texts, or one in place of a list.
func (r *reader) texts(n *yaml.Node, what string) []*yaml.Node {
	all := []*yaml.Node{n}
	if r.plain(n) && n.Kind == yaml.SequenceNode {
		if all = n.Content; len(all) == 0 {
			r.wrong(n, "This list is empty; please fill it or leave the key out.")
		}
	}
	ok, seen := []*yaml.Node{}, map[string]bool{}
	for _, item := range all {
		s, good := r.text(item, what)
		if good && seen[s] {
			r.wrong(item, quoted(s)+" is here twice; please keep one.")
		} else if good {
			seen[s] = true
			ok = append(ok, item)
		}
	}
	return ok
}

func (r *reader) truth(n *yaml.Node, what string) bool {
	if !r.plain(n) {
		return false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		r.wrong(n, "Please say true or false for "+what+".")
	}
	return n.Kind == yaml.ScalarNode && n.Value == "true"
}

// quoted shows what somebody wrote, so that nothing in it can be mistaken for
// the sentence around it.
func quoted(s string) string { return strconv.Quote(field.Printable(s, 60)) }
