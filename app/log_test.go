package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// The texts are those of Wails v2.13.0, with a canary where a page's data would
// be. What they bring into our log is asserted on the real window too.
func TestLog_withholdsPayloads(t *testing.T) {
	const canary = "canary-7c1f"
	tests := []struct {
		name  string
		write func(libraryLog)
		want  string // part of the line, "" for no line
	}{
		{
			name: "arguments that cannot be decoded",
			write: func(l libraryLog) {
				l.Error(`process message error: C{"name":"app.Session.SignIn","args":["` + canary + `"],"callbackID":"x"} -> error parsing arguments: ` + canary)
			},
			want: "method=app.Session.SignIn",
		},
		{
			name: "a name that is no method",
			write: func(l libraryLog) {
				l.Error(`process message error: C{"name":"` + canary + `","args":[]} -> method not registered`)
			},
			want: "text is withheld",
		},
		{
			name: "a name further inside",
			write: func(l libraryLog) {
				l.Error(`process message error: C{"args":[{"name":"canary.` + canary + `.x"}]} -> no`)
			},
			want: "text is withheld",
		},
		{
			name:  "a foreign origin",
			write: func(l libraryLog) { l.Error("Blocked request from unauthorized origin: https://" + canary) },
			want:  "foreign page was blocked",
		},
		{name: "anything else", write: func(l libraryLog) { l.Error(canary) }, want: "text is withheld"},
		{name: "warning", write: func(l libraryLog) { l.Warning(canary) }, want: "text is withheld"},
		{name: "fatal", write: func(l libraryLog) { l.Fatal(canary) }, want: "text is withheld"},
		{name: "info", write: func(l libraryLog) { l.Info(canary) }},
		{name: "debug", write: func(l libraryLog) { l.Debug(canary) }},
		{name: "trace", write: func(l libraryLog) { l.Trace("json call result data: " + canary) }},
		{name: "print", write: func(l libraryLog) { l.Print(canary) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			tt.write(libraryLog{slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))})
			if strings.Contains(out.String(), canary) {
				t.Errorf("the log holds what the page sent: %s", out.String())
			}
			if !strings.Contains(out.String(), tt.want) || (tt.want == "" && out.Len() > 0) {
				t.Errorf("log = %q, want a line with %q", out.String(), tt.want)
			}
		})
	}
}
