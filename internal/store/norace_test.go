//go:build !race

package store_test

// raceEnabled keeps large data away from the race detector, which slows
// SQLite down tenfold.
const raceEnabled = false
