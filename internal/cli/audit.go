package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/internal/auditlog"
	"gatehouse/internal/store"
)

func (e *env) auditCommand() *cobra.Command {
	audit := group(&cobra.Command{Use: "audit", Short: "Prove that nobody tampered with the activity log"})
	var anchor string
	verify := &cobra.Command{
		Use: "verify", Short: "Verify the whole activity log, offline", Args: usageArgs(cobra.NoArgs),
		Long: "Verify that the activity log is what was written, record by record, against the\n" +
			"signed checkpoints in it, and with --anchor against a checkpoint kept elsewhere.\n\n" +
			"Exit codes: 0 intact, 10 a record was changed, 11 missing, 12 at another place,\n" +
			"13 added, 14 the end is gone, 15 the history is another one than was signed, 16 a\n" +
			"checkpoint has a foreign signature, 17 the log is older than the anchor or than\n" +
			"its own checkpoints, 18 the records are right and a kept checkpoint is gone.",
		RunE: func(c *cobra.Command, _ []string) error { return e.verify(c.Context(), anchor) },
	}
	verify.Flags().StringVar(&anchor, "anchor", "", "file with a signed checkpoint that was kept elsewhere")
	checkpoint := &cobra.Command{
		Use: "checkpoint", Short: "Print the newest signed checkpoint, to keep it elsewhere", Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return e.checkpoint(c.Context()) },
	}
	audit.AddCommand(verify, checkpoint)
	return audit
}

func (e *env) verify(ctx context.Context, anchor string) (err error) {
	i, err := e.open(ctx, opening{mustExist: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, i.close()) }()
	var signed []byte
	if anchor != "" {
		if signed, err = os.ReadFile(anchor); err != nil {
			return fmt.Errorf("read the anchor: %w", err)
		}
	}
	var head auditlog.Checkpoint
	err = i.db.Read(ctx, func(tx store.ReadTx) error {
		evidence, err := tx.Evidence()
		if err != nil {
			return err
		}
		evidence.Origin, evidence.Known, evidence.Anchor = i.vault.LogOrigin(), i.vault.LogVerifiers(), string(signed)
		head, err = auditlog.Verify(evidence)
		return err
	})
	if d, ok := errors.AsType[*auditlog.Damage](err); ok && e.json {
		return errors.Join(d, e.printJSON(map[string]any{"intact": false, "damage": int(d.Kind), "at": d.At, "detail": d.Text}))
	}
	if err != nil {
		return err
	}
	if e.json {
		return e.printJSON(map[string]any{"intact": true, "records": head.Size, "root": head.Root.String(), "signedAt": head.At})
	}
	if head.Size == 0 {
		_, err = fmt.Fprintln(e.out, "The activity log is intact: it is empty.")
		return err
	}
	_, err = fmt.Fprintf(e.out, "The activity log is intact: %d records, signed at %s.\n", head.Size, head.At.Format(time.RFC3339))
	return err
}

func (e *env) checkpoint(ctx context.Context) (err error) {
	i, err := e.open(ctx, opening{mustExist: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, i.close()) }()
	return i.db.Read(ctx, func(tx store.ReadTx) error {
		h, err := tx.Head()
		if err != nil {
			return err
		}
		if e.json {
			return e.printJSON(map[string]any{"records": h.Size, "signedAt": h.At, "checkpoint": h.Checkpoint})
		}
		_, err = fmt.Fprint(e.out, h.Checkpoint)
		return err
	})
}
