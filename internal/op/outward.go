package op

import (
	"context"
	"errors"

	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// outward gives what the store says a code of its own.
func outward(name string, err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return problem.New(problem.NotFound, "There is no such thing here (any more). Please reload and try again.").Because(err)
	case errors.Is(err, store.ErrCursor):
		return problem.New(problem.InvalidRequest, "The cursor is not one that a page gave. Please start from the first page.")
	case errors.Is(err, store.ErrDiskFull):
		return problem.New(problem.DiskFull, "The disk of this installation is full; nothing was changed. Please tell whoever looks after it.").Because(err)
	case errors.Is(err, store.ErrLogDamaged):
		return problem.New(problem.LogDamaged, "The activity log is not the one that was signed, so nothing can be done until it is looked at. Please tell whoever looks after this installation: 'gatehouse audit verify' says what is wrong.").Because(err)
	case errors.Is(err, ErrStale), errors.Is(err, store.ErrClosed), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return problem.New(problem.Unavailable, "Gatehouse was interrupted. Please try again.").Because(err)
	}
	return failure{name, err}
}

// failure says in which operation an error came up. Its text is put together
// only for those who read it: most are problems, told to the caller in their own
// words.
type failure struct {
	operation string
	error
}

func (f failure) Error() string { return f.operation + ": " + f.error.Error() }

func (f failure) Unwrap() error { return f.error }
