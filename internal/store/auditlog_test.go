package store_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"gatehouse/internal/auditlog"
	"gatehouse/internal/id"
	"gatehouse/internal/store"
)

// logged is a closed database with a log of 250 records, one a commit, half a
// second apart; checkpoints of 1, 101 and 201 records were kept.
func logged(t *testing.T) file {
	t.Helper()
	f := newFile(t)
	db := f.open(t)
	h := newHouse(t, db, "harbour", "Anna")
	for n := range 250 {
		f.clock.advance(500 * time.Millisecond)
		write(t, db, func(tx store.WriteTx) error {
			r := record(h.ID, "user.changed")
			r.Object.ID, r.Detail = string(h.users[0].ID), map[string]any{"n": n}
			tx.Record(r)
			return nil
		})
	}
	check(t, db.Close())
	return f
}

// head is the signed head of the log.
func (f file) head(t *testing.T) string {
	t.Helper()
	var signed string
	check(t, f.raw(t).QueryRowContext(t.Context(), "SELECT checkpoint FROM log_head").Scan(&signed))
	return signed
}

// rehash makes the stored hashes fit the stored leaves again, as somebody
// without the key can.
func (f file) rehash(t *testing.T) {
	t.Helper()
	db := f.raw(t)
	rows, err := db.QueryContext(t.Context(), "SELECT leaf FROM activity ORDER BY seq")
	check(t, err)
	var tree auditlog.Tree
	statements := []string{"DELETE FROM log_hashes"}
	for rows.Next() {
		var leaf string
		check(t, rows.Scan(&leaf))
		for _, h := range tree.Append([]byte(leaf)) {
			statements = append(statements, fmt.Sprintf("INSERT INTO log_hashes VALUES (%d, x'%x')", h.Index, h.Hash[:]))
		}
	}
	check(t, rows.Err())
	check(t, rows.Close())
	check(t, db.Close())
	f.edit(t, strings.Join(statements, ";"))
}

func (f file) copy(t *testing.T) file {
	t.Helper()
	c := f
	c.path = newFile(t).path
	text, err := os.ReadFile(f.path)
	check(t, err)
	check(t, os.WriteFile(c.path, text, 0o600))
	return c
}

// Every kind of damage, done with SQL to a real file by somebody who does not
// have the key. The number is the exit code of 'gatehouse audit verify'.
func TestAuditVerify(t *testing.T) {
	whole := logged(t)
	const (
		forge = "UPDATE activity SET leaf = replace(leaf, 'user.changed', 'user.deleted'), event = 'user.deleted' WHERE seq = 120"
		shift = "; UPDATE activity SET seq = -seq WHERE seq > 120; UPDATE activity SET seq = -seq %+d WHERE seq < 0"
		cut   = "DELETE FROM activity WHERE seq >= 201; DELETE FROM log_hashes WHERE idx >= %d; DELETE FROM checkpoints WHERE size > 201"
		older = "UPDATE log_head SET (size, at, checkpoint) = (SELECT size, at, checkpoint FROM checkpoints WHERE size = 201)"
	)
	drop := "DELETE FROM activity WHERE seq = 120"
	firstHashOf := tlog.StoredHashIndex(0, 201)
	insert := "INSERT INTO activity SELECT %d, account_id, at, event, outcome, actor_id, object_id, leaf FROM activity WHERE seq = 5"
	swap := "UPDATE activity SET seq = -1 WHERE seq = 7; UPDATE activity SET seq = 7 WHERE seq = 120; UPDATE activity SET seq = 120 WHERE seq = -1"
	for _, c := range []struct {
		name   string
		sql    string
		rehash bool
		kind   auditlog.DamageKind
		exit   int
		at     int64
	}{
		{"changed leaf and column", forge, false, auditlog.Changed, 10, 120},
		{"changed leaf", "UPDATE activity SET leaf = replace(leaf, '\"n\":9}', '\"n\":8}') WHERE seq = 9", false, auditlog.Changed, 10, 9},
		{"leaf that is no record", "UPDATE activity SET leaf = 'gone' WHERE seq = 9", false, auditlog.Changed, 10, 9},
		{"leaf of another type", "UPDATE activity SET leaf = x'00ff' WHERE seq = 9", false, auditlog.Changed, 10, 9},
		{"record over another", "UPDATE activity SET leaf = (SELECT leaf FROM activity WHERE seq = 3), at = (SELECT at FROM activity WHERE seq = 3) WHERE seq = 9", false, auditlog.Changed, 10, 9},
		{"account", "UPDATE activity SET account_id = 'acc_other' WHERE seq = 42", false, auditlog.Changed, 10, 42},
		{"time", "UPDATE activity SET at = at + 1 WHERE seq = 42", false, auditlog.Changed, 10, 42},
		{"time of another type", "UPDATE activity SET at = 'noon' WHERE seq = 42", false, auditlog.Changed, 10, 42},
		{"event", "UPDATE activity SET event = 'user.added' WHERE seq = 42", false, auditlog.Changed, 10, 42},
		{"outcome", "UPDATE activity SET outcome = 'refused' WHERE seq = 42", false, auditlog.Changed, 10, 42},
		{"actor", "UPDATE activity SET actor_id = 'usr_other' WHERE seq = 42", false, auditlog.Changed, 10, 42},
		{"object", "UPDATE activity SET object_id = '' WHERE seq = 42", false, auditlog.Changed, 10, 42},
		{"stored hash of a record", fmt.Sprintf("UPDATE log_hashes SET hash = zeroblob(32) WHERE idx = %d", tlog.StoredHashIndex(0, 42)), false, auditlog.Changed, 10, 42},
		{"stored inner hash", fmt.Sprintf("UPDATE log_hashes SET hash = zeroblob(32) WHERE idx = %d", tlog.StoredHashIndex(2, 3)), false, auditlog.Changed, 10, 15},
		{"stored hash cut short", fmt.Sprintf("UPDATE log_hashes SET hash = x'00' WHERE idx = %d", tlog.StoredHashIndex(2, 3)), false, auditlog.Changed, 10, 15},
		{"stored hash gone", fmt.Sprintf("DELETE FROM log_hashes WHERE idx = %d", tlog.StoredHashIndex(0, 42)), false, auditlog.Changed, 10, 42},
		{"checkpoint under another size", "UPDATE checkpoints SET size = 102 WHERE size = 101", false, auditlog.Changed, 10, 102},
		{"time beside the head", "UPDATE log_head SET at = at + 60000", false, auditlog.Changed, 10, 250},

		{"dropped", drop, false, auditlog.Missing, 11, 120},
		{"dropped first", "DELETE FROM activity WHERE seq = 0", false, auditlog.Missing, 11, 0},
		{"dropped with its hashes", drop + fmt.Sprintf("; DELETE FROM log_hashes WHERE idx = %d", tlog.StoredHashIndex(0, 120)), false, auditlog.Missing, 11, 120},
		{"dropped and renumbered", drop + fmt.Sprintf(shift, -1), false, auditlog.Missing, 11, 120},
		{"swapped", swap, false, auditlog.Reordered, 12, 7},
		{"rotated", "UPDATE activity SET seq = seq - 1000 WHERE seq BETWEEN 7 AND 9; UPDATE activity SET seq = CASE seq WHEN -993 THEN 9 WHEN -992 THEN 7 ELSE 8 END WHERE seq < 0", false, auditlog.Reordered, 12, 7},
		{"appended", fmt.Sprintf(insert, 250), false, auditlog.Inserted, 13, 250},
		{"appended with hashes", fmt.Sprintf(insert, 250), true, auditlog.Inserted, 13, 250},
		{"inserted", fmt.Sprintf(shift[2:], +1) + ";" + fmt.Sprintf(insert, 121), false, auditlog.Inserted, 13, 121},
		{"head gone", "DELETE FROM log_head", false, auditlog.Inserted, 13, 201},
		{"end cut off", "DELETE FROM activity WHERE seq >= 240", false, auditlog.Truncated, 14, 240},
		{"end cut off with its hashes", fmt.Sprintf("DELETE FROM activity WHERE seq >= 240; DELETE FROM log_hashes WHERE idx >= %d", tlog.StoredHashIndex(0, 240)), false, auditlog.Truncated, 14, 240},
		{"end cut off, hashes left", "DELETE FROM activity WHERE seq >= 201; " + older, false, auditlog.Truncated, 14, 201},
		{"all gone", "DELETE FROM activity; DELETE FROM log_hashes", false, auditlog.Truncated, 14, 0},
		{"changed and hashed anew", forge, true, auditlog.Forked, 15, 201},
		{"dropped and hashed anew", drop + fmt.Sprintf(shift, -1), true, auditlog.Forked, 15, 201},
		{"swapped and hashed anew", swap, true, auditlog.Forked, 15, 101},
		{"changed and hashed anew, checkpoints dropped", forge + "; DELETE FROM checkpoints", true, auditlog.Forked, 15, 250},
		{"forged signature", "UPDATE log_head SET checkpoint = replace(checkpoint, 'ins_test ', 'ins_test A')", false, auditlog.Unsigned, 16, 0},
		{"no signature", "UPDATE checkpoints SET checkpoint = 'trust me' WHERE size = 101", false, auditlog.Unsigned, 16, 0},
		{"older head", older, false, auditlog.Inserted, 13, 201},
		{"older head beside a newer checkpoint", "UPDATE log_head SET (size, at, checkpoint) = (SELECT size, at, checkpoint FROM checkpoints WHERE size = 101); DELETE FROM activity WHERE seq >= 201; " +
			fmt.Sprintf("DELETE FROM log_hashes WHERE idx >= %d", firstHashOf), false, auditlog.RolledBack, 17, 101},
		{"kept checkpoint gone", "DELETE FROM checkpoints WHERE size = 101", false, auditlog.Unkept, 18, 101},
		{"first checkpoint gone", "DELETE FROM checkpoints WHERE size = 1", false, auditlog.Unkept, 18, 1},
		{"last kept checkpoint gone", "DELETE FROM checkpoints WHERE size = 201", false, auditlog.Unkept, 18, 201},
		{"all kept checkpoints gone", "DELETE FROM checkpoints", false, auditlog.Unkept, 18, 1},
		{"records moved to another account, columns and leaf", "UPDATE activity SET account_id = 'acc_x', leaf = json_set(leaf, '$.account', 'acc_x') WHERE seq = 100", false, auditlog.Changed, 10, 100},
		{"rolled back", fmt.Sprintf(cut, firstHashOf) + ";" + older, false, 0, 0, 0}, // only an anchor shows it: see below
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := whole.copy(t)
			anchor := f.head(t)
			f.edit(t, c.sql)
			if c.rehash {
				f.rehash(t)
			}
			db := f.open(t)
			head, err := f.verify(db, "")
			if c.kind == 0 {
				if err != nil || head.Size != 201 {
					t.Errorf("got %v, %d records", err, head.Size)
				}
				_, err = f.verify(db, anchor)
				wantDamage(t, err, auditlog.RolledBack, 17, 250)
				return
			}
			wantDamage(t, err, c.kind, c.exit, c.at)
		})
	}
	t.Run("intact", func(t *testing.T) {
		db := whole.open(t)
		head, err := whole.verify(db, whole.head(t))
		if err != nil || head.Size != 250 || !head.At.Equal(noon.Add(125*time.Second)) {
			t.Errorf("got %+v, %v", head, err)
		}
	})
	t.Run("empty", func(t *testing.T) {
		f := newFile(t)
		if head, err := f.verify(f.open(t), ""); err != nil || head.Size != 0 {
			t.Errorf("got %+v, %v", head, err)
		}
	})
}

func wantDamage(t *testing.T, err error, kind auditlog.DamageKind, exit int, at int64) {
	t.Helper()
	d, ok := errors.AsType[*auditlog.Damage](err)
	if !ok {
		t.Fatalf("got %v, want damage of kind %d", err, kind)
	}
	if d.Kind != kind || d.ExitCode() != exit || d.At != at {
		t.Errorf("got kind %d (exit %d) at %d, want %d (%d) at %d: %v", d.Kind, d.ExitCode(), d.At, kind, exit, at, d)
	}
	if strings.Contains(d.Text, "\n") {
		t.Errorf("not one line: %q", d.Text)
	}
}

// A log whose end was cut off and that was written on from there has as many
// records as before, all signed with the real key.
func TestAuditVerify_anchor(t *testing.T) {
	f := logged(t)
	anchor := f.head(t)
	f.edit(t, "DELETE FROM activity WHERE seq >= 201; DELETE FROM checkpoints WHERE size > 201",
		fmt.Sprintf("DELETE FROM log_hashes WHERE idx >= %d", tlog.StoredHashIndex(0, 201)),
		"UPDATE log_head SET (size, at, checkpoint) = (SELECT size, at, checkpoint FROM checkpoints WHERE size = 201)")
	db := f.open(t)
	for range 60 {
		write(t, db, func(tx store.WriteTx) error { tx.Record(record(id.NewAccount(), "user.added")); return nil })
	}
	_, err := f.verify(db, "")
	check(t, err)
	_, err = f.verify(db, anchor)
	wantDamage(t, err, auditlog.Forked, 15, 250)

	elsewhere, err := auditlog.Checkpoint{Origin: "gatehouse/ins_other", Size: 1, At: noon}.Sign(f.key.signer())
	check(t, err)
	_, err = f.verify(db, elsewhere)
	wantDamage(t, err, auditlog.Unsigned, 16, 1)

	stranger := newFile(t)
	strange := stranger.open(t)
	write(t, strange, func(tx store.WriteTx) error { tx.Record(record("", "x")); return nil })
	_, err = f.verify(db, ask(t, strange, store.ReadTx.Head).Checkpoint)
	wantDamage(t, err, auditlog.Unsigned, 16, 0)
}

// Nothing is ever signed over a log that somebody edited: else the edit would
// be true from the next record on.
func TestDB_Write_damagedLog(t *testing.T) {
	whole := logged(t)
	forge := "UPDATE activity SET leaf = replace(leaf, 'user.changed', 'user.deleted'), event = 'user.deleted' WHERE seq = 120"
	for name, c := range map[string]struct {
		sql    string
		rehash bool
	}{
		"hashed anew, checkpoints dropped": {forge + "; DELETE FROM checkpoints", true},
		"records behind the head":          {"INSERT INTO activity SELECT 250, account_id, at, event, outcome, actor_id, object_id, leaf FROM activity WHERE seq = 5", false},
		"head gone":                        {"DELETE FROM log_head", false},
		"head not signed":                  {"UPDATE log_head SET checkpoint = 'trust me'", false},
		"time of the head":                 {"UPDATE log_head SET at = at + 60000", false},
		"edge of the tree gone":            {fmt.Sprintf("DELETE FROM log_hashes WHERE idx = %d", tlog.StoredHashIndex(7, 0)), false},
		"edge of the tree":                 {fmt.Sprintf("UPDATE log_hashes SET hash = zeroblob(32) WHERE idx = %d", tlog.StoredHashIndex(7, 0)), false},
	} {
		t.Run(name, func(t *testing.T) {
			f := whole.copy(t)
			f.edit(t, c.sql)
			if c.rehash {
				f.rehash(t)
			}
			db := f.open(t)
			errs := db.Batch(t.Context(), func(tx store.WriteTx) error {
				tx.Record(record("acc", "user.added"))
				return tx.PutThrottle("a", store.Throttle{Failures: 1})
			}, func(tx store.WriteTx) error { return tx.PutThrottle("b", store.Throttle{Failures: 1}) })
			wantErr(t, "an act with a record", errs[0], store.ErrLogDamaged)
			if errors.Is(errs[0], store.ErrTaken) {
				t.Error("the damage reads as a value in use")
			}
			if errs[1] != nil {
				t.Errorf("a write without a record: %v", errs[1])
			}
			if n := ask(t, db, func(tx store.ReadTx) (store.Throttle, error) { return tx.Throttle("a") }); n.Failures != 0 {
				t.Error("no record, and yet an act")
			}
			if _, err := f.verify(db, ""); err == nil {
				t.Error("the log verifies")
			}
		})
	}
	// Not even a new log: an installation that is set up has begun one.
	t.Run("everything gone", func(t *testing.T) {
		f := newFile(t)
		db := f.open(t)
		home := newHouse(t, db, "harbour")
		write(t, db, func(tx store.WriteTx) error {
			return errors.Join(tx.AddInstallation(store.Installation{ID: "ins_test"}), tx.Claim(home.ID))
		})
		leave := func(tx store.WriteTx) error { tx.Record(record(home.ID, "user.added")); return nil }
		write(t, db, leave) // in the same millisecond, as set-up does in one commit
		check(t, db.Close())
		f.clock.advance(time.Hour)
		f.edit(t, "DELETE FROM activity; DELETE FROM log_hashes; DELETE FROM log_head; DELETE FROM checkpoints")
		db = f.open(t)
		_, err := f.verify(db, "")
		wantDamage(t, err, auditlog.Truncated, 14, 0)
		wantErr(t, "an act after it", db.Write(t.Context(), leave), store.ErrLogDamaged)
	})
	// What is signed with the real key is not what a program that runs has
	// seen: the log was put back, and perhaps another one begun from there.
	back := fmt.Sprintf("DELETE FROM activity WHERE seq >= 201; DELETE FROM log_hashes WHERE idx >= %d; DELETE FROM checkpoints WHERE size > 201;", tlog.StoredHashIndex(0, 201)) +
		"UPDATE log_head SET (size, at, checkpoint) = (SELECT size, at, checkpoint FROM checkpoints WHERE size = 201)"
	leave := func(tx store.WriteTx) error { tx.Record(record("acc", "x")); return nil }
	for name, c := range map[string]struct {
		sql     string
		another int // records that another process adds after it
	}{
		"older head, while the program runs": {"UPDATE log_head SET (size, at, checkpoint) = (SELECT size, at, checkpoint FROM checkpoints WHERE size = 201)", 0},
		"put back, while the program runs":   {back, 0},
		"put back, and shorter":              {back, 20},
		"put back, and as long":              {back, 50},
		"put back, and longer":               {back, 60},
	} {
		t.Run(name, func(t *testing.T) {
			f := whole.copy(t)
			db := f.open(t)
			write(t, db, leave)
			f.edit(t, c.sql)
			if c.another > 0 {
				other := f.open(t)
				for range c.another {
					write(t, other, func(tx store.WriteTx) error { tx.Record(record("acc", "y")); return nil })
				}
			}
			wantErr(t, "an act after it", db.Write(t.Context(), leave), store.ErrLogDamaged)
		})
	}
	t.Run("another process writes, while the program runs", func(t *testing.T) {
		f := whole.copy(t)
		db, other := f.open(t), f.open(t)
		for range 70 { // past a kept checkpoint, and over the edges of the tree
			write(t, db, leave)
			write(t, other, leave)
			write(t, other, leave)
		}
		_, err := f.verify(db, "")
		check(t, err)
	})
}

// A checkpoint is kept every hundred records or five minutes, whatever the
// commits are like; Verify holds the log to it and finds nothing amiss.
func TestCheckpoints_kept(t *testing.T) {
	for name, c := range map[string]struct {
		each []int // records of one commit after the other, over and over
		step time.Duration
	}{
		"one by one in one moment":  {[]int{1}, 0},
		"one by one":                {[]int{1}, time.Second},
		"slowly":                    {[]int{1}, 299 * time.Second},
		"very slowly":               {[]int{1}, time.Hour},
		"large commits":             {[]int{250}, time.Second},
		"large commits, one moment": {[]int{250, 30}, 0},
		"mixed":                     {[]int{1, 99, 3, 350, 60, 60}, 40 * time.Second},
		"clock going back":          {[]int{1, 40}, -time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFile(t)
			db := f.open(t)
			commits := 60
			if c.step <= time.Second {
				commits = 230
			}
			latest := noon // the head keeps the highest time seen
			for total, n := 0, 0; total < 700 && n < commits; n++ {
				if n > 0 {
					f.clock.advance(c.step)
				}
				if f.clock.now().After(latest) {
					latest = f.clock.now()
				}
				if n == 20 { // started again in between
					check(t, db.Close())
					db = f.open(t)
				}
				records := c.each[n%len(c.each)]
				total += records
				write(t, db, func(tx store.WriteTx) error {
					for range records {
						tx.Record(record("acc", "x"))
					}
					return nil
				})
			}
			head, err := f.verify(db, "")
			check(t, err)
			if !head.At.Equal(latest) {
				t.Errorf("the head is of %s, want %s", head.At, latest)
			}
			check(t, db.Close())

			sizes := []int64{}
			rows, err := f.raw(t).QueryContext(t.Context(), "SELECT size FROM checkpoints ORDER BY size")
			check(t, err)
			for rows.Next() {
				var n int64
				check(t, rows.Scan(&n))
				sizes = append(sizes, n)
			}
			check(t, rows.Err())
			check(t, rows.Close())
			if name == "slowly" && len(sizes) != 30 || name == "one by one" && len(sizes) < 3 {
				t.Errorf("kept: %v", sizes)
			}
		})
	}
}
