package check

import (
	"context"
	"errors"
)

// ErrPass is what a source says about names that are not its business: the next
// one is asked.
var ErrPass = errors.New("no source knows about this name")

// Source knows about domains. It is asked by many at once.
type Source interface {
	// Check answers for a name (Question.Name). ErrPass lets the next source
	// answer; every other error means that this one could not tell.
	Check(ctx context.Context, domain string) (Answer, error)
}

// Prompt is a source that has some answers at hand: they cost no waiting, and
// are written without a goroutine of their own.
type Prompt interface {
	Source
	// TryCheck returns false when Check has to be asked. It never waits.
	TryCheck(domain string) (Answer, bool)
}

// Passer is a source that knows at once what is not its business, so that the
// answers which later sources have at hand can be used.
type Passer interface {
	// Passes reports whether Check would return ErrPass. It never waits.
	Passes(domain string) bool
}

// Chain asks several sources in turn. One that passes or fails lets the next one
// answer. When nobody answered, the errors of those who failed are returned, or
// ErrPass when all have passed.
type Chain []Source

// Check asks one source after the other.
func (c Chain) Check(ctx context.Context, domain string) (Answer, error) {
	var failed error
	for _, s := range c {
		a, err := s.Check(ctx, domain)
		if err == nil {
			return a, nil
		}
		if !errors.Is(err, ErrPass) {
			failed = errors.Join(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if failed == nil {
		failed = ErrPass
	}
	return Answer{}, failed
}

// TryCheck returns the answer of the first source that has one at hand, as long
// as all before it pass.
func (c Chain) TryCheck(domain string) (Answer, bool) {
	for _, s := range c {
		if p, ok := s.(Prompt); ok {
			if a, ok := p.TryCheck(domain); ok {
				return a, true
			}
		}
		if p, ok := s.(Passer); !ok || !p.Passes(domain) {
			break
		}
	}
	return Answer{}, false
}
