package store

import "gatehouse/internal/delivery"

const (
	selectTemplate = `SELECT subject, text FROM templates WHERE kind = $1 AND language = $2`
	upsertTemplate = `INSERT INTO templates (kind, language, subject, text, updated_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (kind, language) DO UPDATE SET subject = excluded.subject, text = excluded.text, updated_at = excluded.updated_at`
	deleteTemplate = `DELETE FROM templates WHERE kind = $1 AND language = $2`
)

// Template that somebody wrote for a kind and language; ErrNotFound when nobody
// did.
func (tx ReadTx) Template(k delivery.Kind, language string) (delivery.Template, error) {
	return one(tx, func(s scan) (t delivery.Template, err error) {
		return t, s(&t.Subject, &t.Text)
	}, selectTemplate, string(k), language)
}

// PutTemplate writes one anew.
func (tx WriteTx) PutTemplate(k delivery.Kind, language string, t delivery.Template) error {
	_, err := tx.exec(upsertTemplate, string(k), language, t.Subject, t.Text, ms(tx.now))
	return err
}

// DeleteTemplate goes back to the text that comes with the program;
// ErrNotFound when it was never left.
func (tx WriteTx) DeleteTemplate(k delivery.Kind, language string) error {
	return tx.change(deleteTemplate, string(k), language)
}
