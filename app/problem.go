package app

import "encoding/json"

// internalProblem is what the page gets when nothing better is known.
const internalProblem = `{"type":"about:blank","title":"Internal error","status":500,"code":"internal",` +
	`"detail":"Something went wrong on our side. Try again; if it happens again, tell support.",` +
	`"violations":[]}`

// problemText is the rejection of a bound call: the problem as a JSON string.
// A string, since Wails shows an object to the page as "[object Object]".
func problemText(problem func(error) any, err error) string {
	if problem == nil {
		return internalProblem
	}
	text, err := json.Marshal(problem(err))
	if err != nil {
		return internalProblem
	}
	return string(text)
}
