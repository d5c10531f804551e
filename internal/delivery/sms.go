package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/internal/field"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
)

// BodyType is how the body of a call to an SMS gateway is written.
type BodyType string

// The ways. What goes into a body is escaped as its type wants it.
const (
	JSONBody BodyType = "json"
	FormBody BodyType = "form"
	NoBody   BodyType = "none"
)

// Gateway is where SMS are handed over: one HTTP call each. URL, headers and
// body are templates with the placeholders {to}, {text}, {reference} and
// {secret}.
type Gateway struct {
	URL      string
	Method   string // POST, PUT or GET
	BodyType BodyType
	Headers  []string // "Name: value"
	Body     string
	Expect   int // status of an SMS that was taken; 0: any from 200 to 299
	Secret   secret.Text
}

// Target is what the secret is for: it goes nowhere else, and stands nowhere
// else. Who could move it from a header into the text would read it on a phone.
func (g Gateway) Target() string {
	return strings.Join(append([]string{g.URL, g.Method, string(g.BodyType), g.Body}, g.Headers...), "\n")
}

// GatewayExample is a gateway as some providers want it.
type GatewayExample struct {
	Name string
	Gateway
}

// GatewayExamples to begin with.
func GatewayExamples() []GatewayExample {
	return []GatewayExample{
		{"JSON", Gateway{
			URL: "https://sms.example.com/v1/messages", Method: http.MethodPost, BodyType: JSONBody,
			Headers: []string{"Authorization: Bearer {secret}"}, Body: `{"from":"Gatehouse","to":"{to}","text":"{text}","reference":"{reference}"}`,
		}},
		{"Form", Gateway{
			URL: "https://sms.example.com/send", Method: http.MethodPost, BodyType: FormBody,
			Headers: []string{"X-Api-Key: {secret}"}, Body: "to={to}&message={text}&id={reference}",
		}},
	}
}

const (
	maxURL  = 1000
	maxBody = 4000
	maxHead = 20
)

var smsPlaceholders = []string{"to", "text", "reference", "secret"}

// ParseGateway reads a gateway that somebody described, and notes everything
// that is wrong under the fields url, method, bodyType, headers, body and
// expect.
func ParseGateway(form *field.Form, g Gateway) Gateway {
	g.URL, g.Method, g.Body = strings.TrimSpace(g.URL), strings.ToUpper(strings.TrimSpace(g.Method)), strings.TrimSpace(g.Body)
	if err := checkURL(g.URL); err != nil {
		form.Add("url", err)
	}
	if !slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodGet}, g.Method) {
		form.Add("method", field.Wrong(problem.Unknown, "Please choose POST, PUT or GET."))
	}
	if !slices.Contains([]BodyType{JSONBody, FormBody, NoBody}, g.BodyType) {
		form.Add("bodyType", field.Wrong(problem.Unknown, "Please choose json, form or none."))
	}
	g.Headers = slices.DeleteFunc(slices.Clone(g.Headers), func(h string) bool { return strings.TrimSpace(h) == "" })
	if err := checkHeaders(g.Headers); err != nil {
		form.Add("headers", err)
	}
	if err := g.checkBody(); err != nil {
		form.Add("body", err)
	}
	if g.Expect != 0 && (g.Expect < 200 || g.Expect > 299) {
		form.Add("expect", field.Wrong(problem.NotAllowed, "A status that means success lies between 200 and 299; 0 stands for all of them."))
	}
	return g
}

func checkURL(raw string) *field.Error {
	if raw == "" {
		return field.Missing()
	}
	if utf8.RuneCountInString(raw) > maxURL {
		return field.Wrong(problem.TooLong, "This is too long; please shorten it.")
	}
	origin, _, _ := strings.Cut(raw, "?")
	u, err := url.Parse(origin)
	switch {
	case field.Clean(raw) != nil:
		return field.Clean(raw)
	case err != nil, u.Host == "", u.User != nil, strings.ContainsAny(raw, " #"), u.Scheme != "https" && u.Scheme != "http":
		return field.Wrong(problem.BadFormat, "This is not an address like https://sms.example.com/send.")
	case u.Scheme == "http" && !Local(u.Hostname()):
		return field.Wrong(problem.BadFormat, "The address must begin with https:// (http works for this machine only).")
	case strings.ContainsAny(u.Host, "{}"):
		return field.Wrong(problem.NotAllowed, "The name of the server cannot be a placeholder.")
	}
	return checkPlaceholders(raw)
}

func checkPlaceholders(text string) *field.Error {
	for _, n := range gatewayPlaceholders(text) {
		if !slices.Contains(smsPlaceholders, n) {
			return field.Wrong(problem.PlaceholderUnknown, "There is no {"+field.Printable(n, 40)+"} here. These can be used: {to}, {text}, {reference}, {secret}.")
		}
	}
	return nil
}

// gatewayPlaceholders are words in curly brackets; JSON has others of its own.
func gatewayPlaceholders(text string) (names []string) {
	for _, part := range strings.Split(text, "{")[1:] {
		name, _, closed := strings.Cut(part, "}")
		if closed && word(name) {
			names = append(names, name)
		}
	}
	return names
}

func word(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

func checkHeaders(all []string) *field.Error {
	if len(all) > maxHead {
		return field.Wrong(problem.TooLong, "These are too many headers.")
	}
	for _, h := range all {
		name, value, ok := strings.Cut(h, ":")
		token := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
		switch {
		case field.Clean(h) != nil:
			return field.Clean(h)
		case !ok || name == "" || !token || len(h) > maxURL:
			return field.Wrong(problem.BadFormat, "A header is a name, a colon and a value, such as Authorization: Bearer {secret}.")
		case slices.Contains([]string{"host", "content-length", "transfer-encoding", "connection", "content-type"}, strings.ToLower(name)):
			return field.Wrong(problem.NotAllowed, "The header "+name+" is set by Gatehouse itself.")
		}
		if err := checkPlaceholders(value); err != nil {
			return err
		}
	}
	return nil
}

func (g Gateway) checkBody() *field.Error {
	everything := g.URL + g.Body
	switch {
	case utf8.RuneCountInString(g.Body) > maxBody:
		return field.Wrong(problem.TooLong, "This is too long; please shorten it.")
	case field.Clean(strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(g.Body)) != nil:
		return field.Wrong(problem.BadText, "This contains characters that cannot be shown; please type it again.")
	case g.BodyType == NoBody && g.Body != "", g.Method == http.MethodGet && g.Body != "":
		return field.Wrong(problem.NotAllowed, "This call has no body; please leave it empty, or choose another type and method.")
	}
	if err := checkPlaceholders(g.Body); err != nil {
		return err
	}
	for _, must := range []string{"{to}", "{text}"} {
		if !strings.Contains(everything, must) {
			return field.Wrong(problem.PlaceholderMissing, "Body or address must contain "+must+".")
		}
	}
	if g.BodyType == JSONBody && !json.Valid([]byte(g.replace(g.Body, Values{"to": `"`, "text": "\"\n", "reference": "x", "secret": `\`}, jsonText))) {
		return field.Wrong(problem.BadFormat, "This is not valid JSON. Placeholders stand within quotation marks, such as \"to\": \"{to}\".")
	}
	return nil
}

// replace fills only words that are placeholders: JSON keeps its brackets.
func (g Gateway) replace(text string, v Values, as func(string) string) string {
	var pairs []string
	for _, name := range smsPlaceholders {
		pairs = append(pairs, "{"+name+"}", as(v[name]))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// jsonText is a value as it stands between quotation marks (RFC 8259,
// section 7).
func jsonText(value string) string {
	quoted, err := json.Marshal(value)
	if err != nil {
		return "" // a string always can
	}
	return string(quoted[1 : len(quoted)-1])
}

const (
	smsTimeout = 20 * time.Second
	maxAnswer  = 16 << 10
)

// SendSMS hands an SMS to the gateway. A *Failure says why it was not taken.
func SendSMS(ctx context.Context, g Gateway, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, smsTimeout)
	defer cancel()
	hidden := append([]secret.Text{g.Secret}, m.Hidden...)
	request, err := g.request(ctx, m)
	if err != nil {
		return err
	}
	client := g.client()
	defer client.CloseIdleConnections()
	answer, err := client.Do(request)
	if err != nil {
		f := failure(err)
		if errors.Is(err, errNotLoopback) {
			f.Cause = NoTLS
		}
		if errors.Is(err, errLinkLocal) {
			f.Cause, f.Said = Refused, "The gateway is at a link-local address, where machines keep what is for themselves; please give another."
		}
		if errors.Is(err, errElsewhere) {
			f.Cause, f.Said = Refused, "The gateway sends us to another server, and we do not follow."
		}
		return f
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	taken := answer.StatusCode == g.Expect || g.Expect == 0 && answer.StatusCode >= 200 && answer.StatusCode <= 299
	if taken {
		return nil // what it says about it does not matter
	}
	f := &Failure{Cause: Busy, Said: scrub(strconv.Itoa(answer.StatusCode)+" "+string(body), hidden...)}
	switch status := answer.StatusCode; {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		f.Cause = LoginRefused // ours to mend, and then it goes
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500:
	default:
		f.Cause, f.Permanent = Refused, true
	}
	if err != nil && !f.Permanent {
		f.Cause = failure(err).Cause
	}
	return f
}

func (g Gateway) request(ctx context.Context, m Message) (*http.Request, error) {
	v := Values{"to": m.To, "text": m.Text, "reference": m.ID, "secret": g.Secret.Reveal()}
	path, query, asked := strings.Cut(g.URL, "?")
	address := g.replace(path, v, url.PathEscape)
	if asked {
		address += "?" + g.replace(query, v, url.QueryEscape)
	}
	body, kind := "", ""
	switch g.BodyType {
	case JSONBody:
		body, kind = g.replace(g.Body, v, jsonText), "application/json"
	case FormBody:
		body, kind = g.replace(g.Body, v, url.QueryEscape), "application/x-www-form-urlencoded"
	case NoBody:
	}
	request, err := http.NewRequestWithContext(ctx, g.Method, address, strings.NewReader(body))
	if err != nil {
		return nil, &Failure{Cause: Failed} // what is wrong may hold the secret
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	request.Header.Set("User-Agent", "Gatehouse")
	for _, h := range g.Headers {
		name, value, _ := strings.Cut(h, ":")
		value = strings.TrimSpace(g.replace(value, v, func(s string) string { return s }))
		if field.Clean(value) != nil {
			return nil, &Failure{Cause: Refused, Permanent: true, Said: "A header would hold characters that no header may have."}
		}
		request.Header.Set(name, value)
	}
	return request, nil
}

var errElsewhere = errors.New("redirected to another server")

func (g Gateway) client() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: notLinkLocal}
	if strings.HasPrefix(g.URL, "http:") {
		dialer.Control = loopback
	}
	return &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second, DisableKeepAlives: true, ForceAttemptHTTP2: true},
		CheckRedirect: func(next *http.Request, before []*http.Request) error {
			if len(before) > 3 || next.URL.Scheme != before[0].URL.Scheme || next.URL.Host != before[0].URL.Host {
				return errElsewhere
			}
			return nil
		},
	}
}
