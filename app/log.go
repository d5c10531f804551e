package app

import (
	"log/slog"
	"regexp"
	"strings"
)

// libraryLog takes what Wails logs. Wails puts whole calls into its errors,
// arguments and all: a call whose argument cannot be decoded would bring a
// password into the log. So nothing of the text is passed on but what matches a
// form known to be harmless; the rest is counted, by one line without content.
type libraryLog struct{ log *slog.Logger }

// failedCall matches the beginning of what Wails logs for a call that failed
// before it reached the bound method. The name is the first thing in it that
// the page has written, and is kept only when it has the form of a Go method.
var failedCall = regexp.MustCompile(`^process message error: C\{"name":"([A-Za-z]{1,40}\.[A-Za-z]{1,40}\.[A-Za-z]{1,40})"[,}]`)

func (l libraryLog) Error(message string) {
	if call := failedCall.FindStringSubmatch(message); call != nil {
		l.log.Error("a call of the page failed before it was carried out", "method", call[1])
		return
	}
	if strings.HasPrefix(message, "Blocked request from unauthorized origin") {
		l.log.Error("a call from a foreign page was blocked")
		return
	}
	l.log.Error("the window library reported an error; its text is withheld, it may hold secrets")
}

func (l libraryLog) Warning(string) {
	l.log.Warn("the window library reported a warning; its text is withheld, it may hold secrets")
}

// Fatal is followed by the end of the process, by Wails.
func (l libraryLog) Fatal(string) {
	l.log.Error("the window library gave up; its text is withheld, it may hold secrets")
}

// The lesser levels carry answers of bound methods and what the page chose to
// write; none of it is wanted.

func (libraryLog) Print(string) {}
func (libraryLog) Trace(string) {}
func (libraryLog) Debug(string) {}
func (libraryLog) Info(string)  {}
