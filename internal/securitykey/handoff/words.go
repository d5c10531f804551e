package handoff

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
)

//go:embed page/page.html
var layout string

// words are all that the page says.
type words struct {
	Language, Title, Asks, OnlyIf, Waiting, WaitingHint, Again, AgainHint, Done, BackToWindow    string
	Registered, Cancelled, Failed, Unable, UnableHint, Over, OverHint, Go, Retry, Stop, NoScript string
}

func english() words {
	return words{
		Language: "en", Title: "Use your security key",
		Asks:         "The Gatehouse window on this computer asks for your security key. Have it ready.",
		OnlyIf:       "Go on only if you have just started this in the window yourself.",
		Waiting:      "Follow your browser, and touch your key when it blinks.",
		WaitingHint:  "Plug the key in now if it is not. It may ask for its PIN first.",
		Again:        "Your browser gave up: nobody touched a key in time, or it was cancelled.",
		AgainHint:    "If the key did not blink, it may not be one that you have registered in Gatehouse.",
		Done:         "Your key has answered.",
		BackToWindow: "You can close this page and go back to the Gatehouse window.",
		Registered:   "This key is registered in Gatehouse already.",
		Cancelled:    "Cancelled. Nothing was changed.",
		Failed:       "Your browser could not use the key.",
		Unable:       "This browser cannot use security keys here.",
		UnableHint:   "Open the address that the Gatehouse window shows in another one: a current Chrome, Edge or Firefox.",
		Over:         "This page is no longer in use.",
		OverHint:     "Each address works once, for two minutes. Please start again in the Gatehouse window.",
		Go:           "Use security key", Retry: "Try again", Stop: "Cancel",
		NoScript: "This page needs JavaScript. Please switch it on for this page, or open the address in another browser.",
	}
}

func german() words {
	return words{
		Language: "de", Title: "Sicherheitsschlüssel verwenden",
		Asks:         "Das Gatehouse-Fenster auf diesem Computer fragt nach Ihrem Sicherheitsschlüssel. Halten Sie ihn bereit.",
		OnlyIf:       "Fahren Sie nur fort, wenn Sie dies soeben selbst im Fenster begonnen haben.",
		Waiting:      "Folgen Sie Ihrem Browser und berühren Sie den Schlüssel, sobald er blinkt.",
		WaitingHint:  "Stecken Sie den Schlüssel jetzt ein, falls er noch nicht steckt. Womöglich fragt er zuerst nach seiner PIN.",
		Again:        "Ihr Browser hat aufgegeben: Niemand hat rechtzeitig einen Schlüssel berührt, oder es wurde abgebrochen.",
		AgainHint:    "Wenn der Schlüssel nicht geblinkt hat, ist es vielleicht keiner, den Sie in Gatehouse registriert haben.",
		Done:         "Ihr Schlüssel hat geantwortet.",
		BackToWindow: "Sie können diese Seite schließen und zum Gatehouse-Fenster zurückkehren.",
		Registered:   "Dieser Schlüssel ist in Gatehouse bereits registriert.",
		Cancelled:    "Abgebrochen. Es wurde nichts geändert.",
		Failed:       "Ihr Browser konnte den Schlüssel nicht verwenden.",
		Unable:       "Dieser Browser kann hier keine Sicherheitsschlüssel verwenden.",
		UnableHint:   "Öffnen Sie die Adresse, die das Gatehouse-Fenster zeigt, in einem anderen: in einem aktuellen Chrome, Edge oder Firefox.",
		Over:         "Diese Seite ist nicht mehr in Gebrauch.",
		OverHint:     "Jede Adresse gilt einmal und zwei Minuten lang. Bitte beginnen Sie im Gatehouse-Fenster von vorn.",
		Go:           "Sicherheitsschlüssel verwenden", Retry: "Erneut versuchen", Stop: "Abbrechen",
		NoScript: "Diese Seite braucht JavaScript. Bitte schalten Sie es für diese Seite ein, oder öffnen Sie die Adresse in einem anderen Browser.",
	}
}

func render(language string) ([]byte, error) {
	w := english()
	if language == "de" {
		w = german()
	}
	t, err := template.New("page").Parse(layout)
	if err != nil {
		return nil, fmt.Errorf("read the hand-off page: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, w); err != nil {
		return nil, fmt.Errorf("write the hand-off page: %w", err)
	}
	return out.Bytes(), nil
}
