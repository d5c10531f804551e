package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/store/migrations"
)

// Errors of opening a database whose schema does not fit.
var (
	ErrNewer  = errors.New("this database was used by a newer version of Gatehouse; please use that version")
	ErrEdited = errors.New("the schema of this database is not the one this program made; please restore a backup")
)

const (
	createMigrations = `CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL)`
	selectMigrations = `SELECT checksum FROM schema_migrations ORDER BY version`
	selectMigration  = `SELECT 1 FROM schema_migrations WHERE version = $1`
	insertMigration  = `INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)`
)

// migrate brings the schema up to date. A database that holds something is
// copied aside first.
func migrate(ctx context.Context, e engine, c *sql.Conn, all []migrations.Migration, now time.Time) error {
	if _, err := c.ExecContext(ctx, createMigrations); err != nil {
		return classify(e, fmt.Errorf("prepare the schema: %w", err))
	}
	applied, err := appliedMigrations(ctx, c)
	if err != nil {
		return err
	}
	for i, sum := range applied {
		if i >= len(all) {
			return fmt.Errorf("schema version %d: %w", len(applied), ErrNewer)
		}
		if all[i].Checksum != sum {
			return fmt.Errorf("migration %d: %w", all[i].Version, ErrEdited)
		}
	}
	if n := len(applied); n > 0 && n < len(all) {
		if _, err := e.Backup(ctx, c, fmt.Sprintf("before-schema-%d", all[n].Version)); err != nil {
			return fmt.Errorf("back up before migrating: %w", err)
		}
	}
	for _, m := range all[len(applied):] {
		if err := apply(ctx, e, c, m, now); err != nil {
			return fmt.Errorf("migration %d (%s): %w", m.Version, m.Name, classify(e, err))
		}
	}
	return nil
}

func appliedMigrations(ctx context.Context, c *sql.Conn) (sums []string, err error) {
	rows, err := c.QueryContext(ctx, selectMigrations)
	if err != nil {
		return nil, fmt.Errorf("read schema version: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var sum string
		if err := rows.Scan(&sum); err != nil {
			return nil, fmt.Errorf("read schema version: %w", err)
		}
		sums = append(sums, sum)
	}
	return sums, rows.Err()
}

// apply runs a migration, unless another process that opened the same database
// just did.
func apply(ctx context.Context, e engine, c *sql.Conn, m migrations.Migration, now time.Time) error {
	if _, err := c.ExecContext(ctx, e.Begin()); err != nil {
		return err
	}
	var applied int
	err := c.QueryRowContext(ctx, selectMigration, m.Version).Scan(&applied)
	if errors.Is(err, sql.ErrNoRows) {
		if _, err = c.ExecContext(ctx, m.SQL); err == nil {
			_, err = c.ExecContext(ctx, insertMigration, m.Version, m.Name, m.Checksum, ms(now))
		}
	}
	if err == nil {
		_, err = c.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		_, undo := c.ExecContext(ctx, "ROLLBACK")
		return errors.Join(err, undo)
	}
	return nil
}
