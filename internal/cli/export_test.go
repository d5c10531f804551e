package cli

import (
	"io"
	"log/slog"
)

// Commands are the commands two words deep.
func Commands() map[string]bool {
	all := map[string]bool{}
	e := &env{out: io.Discard, err: io.Discard, log: slog.New(slog.DiscardHandler)}
	for _, noun := range e.root().Commands() {
		for _, verb := range noun.Commands() {
			all[noun.Name()+" "+verb.Name()] = true
		}
	}
	return all
}
