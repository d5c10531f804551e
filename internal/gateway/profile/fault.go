package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong in a profile's file. Line and Column count
// from 1; 0 is the file as a whole. Text is a sentence that says what to do.
type Fault struct {
	Line   int
	Column int
	Text   string
}

// Faults is the error of a file that is no profile: everything that is wrong
// with it, in the order of the file.
type Faults []Fault

// maxFaults are told at once; whoever has more than that has one that repeats.
const maxFaults = 100

func (fs Faults) Error() string {
	var b strings.Builder
	for i, f := range fs {
		if i > 0 {
			b.WriteByte('\n')
		}
		if f.Line > 0 {
			fmt.Fprintf(&b, "line %d, column %d: ", f.Line, f.Column)
		}
		b.WriteString(f.Text)
	}
	return b.String()
}

func (fs Faults) sorted() Faults {
	slices.SortStableFunc(fs, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if len(fs) > maxFaults {
		more := len(fs) - maxFaults
		fs = append(fs[:maxFaults], Fault{Text: fmt.Sprintf("There are %d more; please mend these first.", more)})
	}
	return fs
}
