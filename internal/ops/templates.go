package ops

import (
	"errors"
	"fmt"
	"slices"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/delivery"
	"gatehouse/internal/field"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// Template is the text of a kind of message in a language.
type Template struct {
	Kind         delivery.Kind          `json:"kind"`
	Language     string                 `json:"language"`
	Channel      delivery.Channel       `json:"channel"`
	Changed      bool                   `json:"changed"` // from the text that comes with Gatehouse
	Subject      string                 `json:"subject"` // empty of an SMS
	Text         string                 `json:"text"`
	Placeholders []delivery.Placeholder `json:"placeholders" cli:"-"`
}

// TemplateList asks for texts: all of them, when no limit is given.
type TemplateList struct {
	Paging
	Q        string         `json:"q,omitempty"` // part of subject or text
	Kind     listing.Filter `json:"kind,omitempty"`
	Language listing.Filter `json:"language,omitempty"`
	Channel  listing.Filter `json:"channel,omitempty"`
	Changed  listing.Filter `json:"changed,omitempty"`
	Order    string         `json:"order,omitempty"` // kind or language; with - the other way round
}

// Filters implements Filtered.
func (TemplateList) Filters() []listing.Field {
	return []listing.Field{
		words("kind", messageKinds()), words("language", delivery.Languages()), words("channel", []delivery.Channel{delivery.Mail, delivery.SMS}), truths("changed"),
	}
}

func templatePages() short[Template] {
	return short[Template]{
		name: "templates", orders: []string{"kind", "language"},
		id:   func(t Template) string { return string(t.Kind) + " " + t.Language },
		text: func(t Template) string { return t.Subject + " " + t.Text },
		value: func(t Template, field string) any {
			return map[string]any{"kind": string(t.Kind), "language": t.Language, "channel": string(t.Channel), "changed": t.Changed}[field]
		},
	}
}

// TemplateID names a template.
type TemplateID struct {
	Kind     delivery.Kind `json:"kind"`
	Language string        `json:"language"`
}

// TemplateInput is a text that somebody wrote.
type TemplateInput struct {
	Kind     delivery.Kind `json:"kind"`
	Language string        `json:"language"`
	Subject  string        `json:"subject,omitempty"`
	Text     string        `json:"text"`
}

// Preview is how a message would read, with made-up values.
type Preview struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

type templateOps struct {
	List    *op.Op[TemplateList, Page[Template]]
	Show    *op.Op[TemplateID, Template]
	Update  *op.Op[TemplateInput, Template]
	Preview *op.Op[TemplateInput, Preview]
	Reset   *op.Op[TemplateID, Template]
}

func (o *Operations) addTemplates() {
	rule := op.Holds(access.ManageInstallation).InPerson()
	const one = "/templates/{kind}/{language}"
	o.Templates.List = op.Read(&o.table, op.Spec{
		Name: "templates.list", Route: "GET /templates", Summary: "The texts of all messages, by kind and language.",
	}, rule, func(r *op.Reading, in TemplateList) (Page[Template], error) {
		where, err := conditions(in)
		if err != nil {
			return Page[Template]{}, err
		}
		all := []Template{}
		for _, f := range delivery.Forms() {
			for _, language := range delivery.Languages() {
				t, err := showTemplate(r.Tx, f, language)
				if err != nil {
					return Page[Template]{}, err
				}
				all = append(all, t)
			}
		}
		return templatePages().page(all, asked{in.Paging, in.Q, in.Order, where})
	})
	o.Templates.Show = op.Read(&o.table, op.Spec{
		Name: "templates.show", Route: "GET " + one, Summary: "One text, and what can stand in it.",
	}, rule, func(r *op.Reading, in TemplateID) (Template, error) {
		f, err := formOf(in.Kind, in.Language)
		if err != nil {
			return Template{}, err
		}
		return showTemplate(r.Tx, f, in.Language)
	})
	o.Templates.Update = op.Write(&o.table, op.Spec{
		Name: "templates.update", Route: "PATCH " + one, Event: "template.updated",
		Summary: "Write a text anew. Placeholders it does not have are refused, and so is a text without its link.",
	}, rule.Fully().SteppedUp(), updateTemplate)
	o.Templates.Preview = op.Read(&o.table, op.Spec{
		Name: "templates.preview", Route: "POST " + one + "/preview", Summary: "How a text would read, with made-up values. Nothing is kept.",
	}, rule, func(r *op.Reading, in TemplateInput) (Preview, error) {
		f, t, err := readTemplate(in)
		if err != nil {
			return Preview{}, err
		}
		v := f.Examples()
		a, err := r.Tx.Account(r.Scope())
		if err != nil {
			return Preview{}, fmt.Errorf("find own account: %w", err)
		}
		v["organisation"] = a.Name
		if v["support"], err = supportLine(r.Tx); err != nil {
			return Preview{}, err
		}
		subject, text := t.Write(v)
		return Preview{subject, text}, nil
	})
	o.Templates.Reset = op.Write(&o.table, op.Spec{
		Name: "templates.reset", Route: "DELETE " + one, Event: "template.reset", Destroys: true,
		Summary: "Go back to the text that comes with Gatehouse.",
	}, rule.Fully().SteppedUp(), resetTemplate)
}

func formOf(k delivery.Kind, language string) (delivery.Form, error) {
	f, ok := delivery.FormOf(k)
	if !ok || !slices.Contains(delivery.Languages(), language) {
		return f, problem.New(problem.NotFound, "There is no such text.")
	}
	return f, nil
}

// template that is in force.
func template(tx store.ReadTx, k delivery.Kind, language string) (delivery.Template, error) {
	t, err := tx.Template(k, language)
	if errors.Is(err, store.ErrNotFound) {
		return delivery.Default(k, language), nil
	}
	if err != nil {
		return t, fmt.Errorf("find text of message: %w", err)
	}
	return t, nil
}

func showTemplate(tx store.ReadTx, f delivery.Form, language string) (Template, error) {
	t, err := template(tx, f.Kind, language)
	return Template{f.Kind, language, f.Channel, t != delivery.Default(f.Kind, language), t.Subject, t.Text, f.Placeholders}, err
}

func readTemplate(in TemplateInput) (delivery.Form, delivery.Template, error) {
	f, err := formOf(in.Kind, in.Language)
	if err != nil {
		return f, delivery.Template{}, err
	}
	var form field.Form
	t := f.Check(&form, delivery.Template{Subject: in.Subject, Text: in.Text})
	return f, t, form.Err()
}

func templateObject(k delivery.Kind, language string) activity.Object {
	return activity.Object{Kind: "template", ID: string(k) + "." + language, Name: string(k) + " (" + language + ")"}
}

func updateTemplate(_ *op.Preparing, in TemplateInput) (op.Commit[Template], error) {
	f, t, err := readTemplate(in)
	if err != nil {
		return nil, err
	}
	return func(w *op.Writing[Template]) op.Outcome[Template] {
		before, err := template(w.Tx.ReadTx, in.Kind, in.Language)
		if err != nil {
			return w.Fail(err)
		}
		if err := w.Tx.PutTemplate(in.Kind, in.Language, t); err != nil {
			return w.Fail(fmt.Errorf("keep text: %w", err))
		}
		changed := activity.Detail{}
		note(changed, "subject", before.Subject, t.Subject)
		note(changed, "text", before.Text, t.Text)
		return endTemplate(w, f, in.Language, changed)
	}, nil
}

func resetTemplate(_ *op.Preparing, in TemplateID) (op.Commit[Template], error) {
	f, err := formOf(in.Kind, in.Language)
	if err != nil {
		return nil, err
	}
	return func(w *op.Writing[Template]) op.Outcome[Template] {
		if err := w.Tx.DeleteTemplate(in.Kind, in.Language); err != nil && !errors.Is(err, store.ErrNotFound) {
			return w.Fail(fmt.Errorf("forget text: %w", err))
		}
		return endTemplate(w, f, in.Language, nil)
	}, nil
}

func endTemplate(w *op.Writing[Template], f delivery.Form, language string, changed activity.Detail) op.Outcome[Template] {
	out, err := showTemplate(w.Tx.ReadTx, f, language)
	if err != nil {
		return w.Fail(err)
	}
	return w.Done(out, op.Entry{Object: templateObject(f.Kind, language), Detail: changed})
}
