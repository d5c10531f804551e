package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/internal/op"
	"gatehouse/internal/ops"
)

func (e *env) setupCommand() *cobra.Command {
	var in ops.Founding
	var publicURL string
	c := &cobra.Command{
		Use: "setup", Short: "Set up without the wizard: the operator account and its admin user", Args: usageArgs(cobra.NoArgs),
		Long: "Make the operator account and its admin user, and print the link and code with which\n" +
			"that person chooses a password. The wizard in the app does the same hand in hand.",
		RunE: func(c *cobra.Command, _ []string) error { return e.setup(c.Context(), in, publicURL) },
	}
	f := c.Flags()
	f.StringVar(&in.AccountHandle, "account", "", "handle of the organisation: 3 to 40 of a-z, 0-9 and -")
	f.StringVar(&in.AccountName, "account-name", "", "name of the organisation; else its handle")
	f.StringVar(&in.AccountEmail, "account-email", "", "official e-mail address of the organisation; else that of the admin user")
	f.StringVar(&in.AccountMobile, "account-mobile", "", "official mobile number of the organisation")
	f.StringVar(&in.Login, "login", "", "login of the admin user")
	f.StringVar(&in.Name, "name", "", "name of the admin user")
	f.StringVar(&in.Email, "email", "", "e-mail address of the admin user")
	f.StringVar(&in.Language, "language", "en", "language of the admin user: en or de")
	f.StringVar(&publicURL, "public-url", "", "address of the Gate, for the link")
	return c
}

func (e *env) setup(ctx context.Context, in ops.Founding, publicURL string) (err error) {
	if in.AccountName == "" {
		in.AccountName = in.AccountHandle
	}
	if in.AccountEmail == "" {
		in.AccountEmail = in.Email
	}
	if _, err := (serving{listen: "127.0.0.1:0", publicURL: publicURL}).check(); err != nil {
		return err
	}
	i, err := e.open(ctx, opening{place: ops.AtDesk, baseURL: publicURL})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, i.close()) }()
	caller, err := e.caller()
	if err != nil {
		return err
	}
	out, err := op.Do(ctx, i.engine, caller, i.ops.Setup.Console, in)
	if err != nil {
		return err
	}
	if e.json {
		return e.printJSON(out)
	}
	fmt.Fprintf(e.out, "%s is set up. %s (login %s) now chooses a password", in.AccountHandle, out.User.Name, out.User.Login)
	if !out.Activation.Link.IsZero() {
		fmt.Fprintf(e.out, " with this link, once, until %s:\n\n    %s\n\nor", out.Activation.ExpiresAt.Local().Format(time.DateTime), out.Activation.Link.Reveal())
	}
	_, err = fmt.Fprintf(e.out, " in the app under \"I have a code\", once, within 14 days:\n\n    %s\n", out.Activation.Code.Reveal())
	return err
}
