package delivery

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

// Template is the text of a kind of message in a language. An SMS has no
// subject.
type Template struct {
	Subject string
	Text    string
}

// Values for the placeholders, by name. One that is missing is empty.
type Values map[string]string

// Limits of templates, in characters. An SMS of more is cut into several, each
// of which costs.
const (
	maxSubject = 150
	maxMail    = 5000
	maxSMS     = 300
)

// Check reads a template that somebody wrote, and notes everything that is
// wrong with it under the fields subject and text.
func (f Form) Check(form *field.Form, t Template) Template {
	t.Subject, t.Text = strings.TrimSpace(t.Subject), strings.TrimSpace(strings.ReplaceAll(t.Text, "\r\n", "\n"))
	most := maxSMS
	if f.Channel == Mail {
		most = maxMail
		f.check(form, "subject", t.Subject, t.Subject, maxSubject)
	} else if t.Subject != "" {
		form.Add("subject", field.Wrong(problem.NotAllowed, "An SMS has no subject."))
	}
	f.check(form, "text", t.Text, strings.NewReplacer("\n", "", "\t", "").Replace(t.Text), most)
	for _, p := range f.Placeholders {
		if names, err := placeholders(t.Text); p.Required && err == nil && t.Text != "" && !slices.Contains(names, p.Name) {
			form.Add("text", field.Wrong(problem.PlaceholderMissing, "The text must contain {"+p.Name+"}: without it the message is of no use."))
		}
	}
	return t
}

func (f Form) check(form *field.Form, name, text, line string, most int) {
	names, wrong := placeholders(text)
	switch {
	case text == "":
		form.Add(name, field.Missing())
	case field.Clean(line) != nil:
		form.Add(name, field.Clean(line))
	case utf8.RuneCountInString(text) > most:
		form.Add(name, field.Wrong(problem.TooLong, fmt.Sprintf("This is too long; at most %d characters.", most)))
	case wrong != nil:
		form.Add(name, wrong)
	}
	for _, n := range names {
		known := slices.ContainsFunc(f.Placeholders, func(p Placeholder) bool { return p.Name == n })
		// A subject is seen by everybody whom the mail passes, and on locked screens.
		if !known || name == "subject" && n == "link" {
			form.Add(name, field.Wrong(problem.PlaceholderUnknown, "There is no {"+field.Printable(n, 40)+"} here. These can be used: "+f.usable(name)+"."))
			return
		}
	}
}

func (f Form) usable(in string) string {
	var all []string
	for _, p := range f.Placeholders {
		if in != "subject" || p.Name != "link" {
			all = append(all, "{"+p.Name+"}")
		}
	}
	return strings.Join(all, ", ")
}

// placeholders are the names in curly brackets, in their order.
func placeholders(text string) (names []string, err *field.Error) {
	wrong := field.Wrong(problem.BadFormat, "Curly brackets are for placeholders such as {name}. Please write { and } around a name, and nowhere else.")
	for {
		before, rest, open := strings.Cut(text, "{")
		if strings.Contains(before, "}") {
			return names, wrong
		}
		if !open {
			return names, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || name == "" || strings.ContainsAny(name, "{ \n\t") {
			return names, wrong
		}
		names, text = append(names, name), after
	}
}

// fill puts values in the place of placeholders, once: what a value holds is
// never read as a template. as writes a value for the place it goes to.
func fill(text string, v Values, as func(string) string) string {
	var b strings.Builder
	for {
		before, rest, open := strings.Cut(text, "{")
		name, after, closed := strings.Cut(rest, "}")
		b.WriteString(before)
		if !open || !closed {
			return b.String()
		}
		b.WriteString(as(v[name]))
		text = after
	}
}

// oneLine makes a value one line without characters that nobody sees: a name
// must not be able to begin a line, a header or a link of its own.
func oneLine(value string) string {
	return field.Printable(strings.Join(strings.Fields(value), " "), 1000)
}

// Write fills a template. A line of which nothing is left but an empty
// placeholder and what introduces it goes away.
func (t Template) Write(v Values) (subject, text string) {
	var lines []string
	for line := range strings.SplitSeq(t.Text, "\n") {
		names, _ := placeholders(line)
		if len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return oneLine(v[n]) != "" }) {
			continue
		}
		lines = append(lines, fill(line, v, oneLine))
	}
	text = strings.Join(lines, "\n")
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	return oneLine(fill(t.Subject, v, oneLine)), strings.TrimSpace(text)
}

var page = template.Must(template.New("mail").Parse(`<!doctype html><html><head><meta charset="utf-8"></head><body style="font-family:sans-serif;font-size:16px;line-height:1.5;color:#22201c;max-width:36em">
{{range .}}<p>{{range $n, $line := .}}{{if $n}}<br>{{end}}{{if $line.Link}}<a href="{{$line.Text}}">{{$line.Text}}</a>{{else}}{{$line.Text}}{{end}}{{end}}</p>
{{end}}</body></html>
`))

type htmlLine struct {
	Text string
	Link bool // the line is an address of the message itself
}

// asHTML is a text as a page: paragraphs, and a line that is the link can be
// followed. Everything else is only text.
func asHTML(text, link string) (string, error) {
	var paragraphs [][]htmlLine
	for part := range strings.SplitSeq(text, "\n\n") {
		var lines []htmlLine
		for line := range strings.SplitSeq(part, "\n") {
			line = strings.TrimSpace(line)
			lines = append(lines, htmlLine{line, link != "" && line == link})
		}
		paragraphs = append(paragraphs, lines)
	}
	var b strings.Builder
	if err := page.Execute(&b, paragraphs); err != nil {
		return "", fmt.Errorf("write mail as HTML: %w", err)
	}
	return b.String(), nil
}
