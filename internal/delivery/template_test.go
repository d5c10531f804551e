package delivery_test

import (
	"strings"
	"testing"

	"gatehouse/internal/delivery"
	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

func violations(err error) string {
	if err == nil {
		return ""
	}
	var all []string
	for _, v := range problem.Of(err).Violations {
		all = append(all, v.Field+":"+string(v.Code))
	}
	return strings.Join(all, " ")
}

// The texts that come with the program pass their own check, in every
// language, and leave no bracket behind.
func TestDefault(t *testing.T) {
	for _, f := range delivery.Forms() {
		for _, language := range delivery.Languages() {
			d := delivery.Default(f.Kind, language)
			var form field.Form
			if got := f.Check(&form, d); form.Err() != nil || got != d {
				t.Errorf("%s in %s: %s", f.Kind, language, violations(form.Err()))
			}
			if language != "en" && d == delivery.Default(f.Kind, "en") {
				t.Errorf("%s is not translated to %s", f.Kind, language)
			}
			for what, v := range map[string]delivery.Values{"examples": f.Examples(), "nothing": {}} {
				subject, text := d.Write(v)
				if strings.ContainsAny(subject+text, "{}") || text == "" && what == "examples" || strings.Contains(text, "\n\n\n") {
					t.Errorf("%s in %s with %s: %q %q", f.Kind, language, what, subject, text)
				}
			}
		}
	}
}

func TestForm_Check(t *testing.T) {
	for name, c := range map[string]struct {
		kind    delivery.Kind
		subject string
		text    string
		want    string
	}{
		"good":                             {delivery.Activation, "Hello {name}", "Go to\n{link}", ""},
		"Windows line ends":                {delivery.Activation, "Hello", "Go to\r\n{link}", ""},
		"empty":                            {delivery.Activation, " ", "\n", "subject:required text:required"},
		"no link":                          {delivery.Activation, "Hello", "Go somewhere", "text:placeholder_missing"},
		"unknown":                          {delivery.Activation, "Hello {password}", "{link} {pin}", "subject:placeholder_unknown text:placeholder_unknown"},
		"the link in the subject":          {delivery.Activation, "{link}", "{link}", "subject:placeholder_unknown"},
		"of another kind":                  {delivery.Notice, "Hello", "{what} {link}", "text:placeholder_unknown"},
		"open bracket":                     {delivery.Activation, "Hello {", "{link", "subject:bad_format text:bad_format"},
		"closing bracket":                  {delivery.Activation, "Hello }", "{link} {}", "subject:bad_format text:bad_format"},
		"a break in the subject":           {delivery.Activation, "Hello\r\nBcc: eve@example.com", "{link}", "subject:bad_text"},
		"bidi":                             {delivery.Activation, "Hello \u202e", "{link}\u202e", "subject:bad_text text:bad_text"},
		"NUL":                              {delivery.Activation, "Hello \x00", "{link}\x00", "subject:bad_text text:bad_text"},
		"too long":                         {delivery.Activation, strings.Repeat("x", 151), "{link}" + strings.Repeat("x", 5000), "subject:too_long text:too_long"},
		"an SMS with a subject":            {delivery.LoginBySMS, "Hello", "{login}", "subject:not_allowed"},
		"an SMS without login, and a link": {delivery.LoginBySMS, "", "{link}", "text:placeholder_unknown text:placeholder_missing"},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := delivery.FormOf(c.kind)
			var form field.Form
			f.Check(&form, delivery.Template{Subject: c.subject, Text: c.text})
			if got := violations(form.Err()); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// What somebody is called cannot become a placeholder, a line or a link.
func TestTemplate_Write(t *testing.T) {
	text := delivery.Template{Subject: "For {name}", Text: "Dear {name},\n{link}\nQuestions? {support}\nBye"}
	subject, body := text.Write(delivery.Values{"name": "{link}\r\nBcc: eve\u202e", "link": "https://gate.example/x"})
	if subject != "For {link} Bcc: eve·" || body != "Dear {link} Bcc: eve·,\nhttps://gate.example/x\nBye" {
		t.Errorf("got %q %q", subject, body)
	}
}
