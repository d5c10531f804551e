package ops

import (
	"fmt"

	"gatehouse/internal/access"
	"gatehouse/internal/op"
	"gatehouse/internal/user"
)

// Installation tells a page what it is talking to.
type Installation struct {
	SetUp           bool            `json:"setUp"`
	Practice        bool            `json:"practice"` // made-up data to learn on
	Version         string          `json:"version"`
	Place           Place           `json:"place"`
	SetupCodeNeeded bool            `json:"setupCodeNeeded"`
	Languages       []user.Language `json:"languages"`
	MailsLinks      bool            `json:"mailsLinks"` // activation links go to people by mail
	Support         Support         `json:"support"`
	SecurityKeys    SecurityKeySite `json:"securityKeys"` // and passkeys: whether they work where this is asked
}

// Support is whom people turn to when they are stuck; all of it may be empty.
type Support struct {
	Email user.Email  `json:"email"`
	Phone user.Mobile `json:"phone"`
	Hours string      `json:"hours"` // when somebody is there, in words
}

// Protection tells where the key of the database is: whoever runs the
// installation must always be able to see it.
type Protection struct {
	Kind  string `json:"kind"`  // "key file" or "keychain"
	Where string `json:"where"` // the path, or the entry's name
}

type installationOps struct {
	Show       *op.Op[None, Installation]
	Protection *op.Op[None, Protection]
}

func (o *Operations) addInstallation() {
	o.Installation.Show = op.Read(&o.table, op.Spec{
		Name: "installation.show", Route: "GET /installation", Background: true,
		Summary: "What this installation is, and whether it is set up.",
	}, op.Anyone(), func(r *op.Reading, _ None) (Installation, error) {
		in, err := r.Tx.Installation()
		if err != nil {
			return Installation{}, fmt.Errorf("find installation: %w", err)
		}
		s, err := settings(r.Tx)
		if err != nil {
			return Installation{}, err
		}
		site, why, err := o.site(r.Tx, r.Source, 0)
		if err != nil {
			return Installation{}, err
		}
		mails, err := o.mailsLinks(r.Tx)
		return Installation{
			SetUp: in.SetUp(), Practice: in.Practice, Version: o.deps.Version, Place: o.deps.Place,
			SetupCodeNeeded: o.deps.SetupCode != nil, Languages: user.Languages(), MailsLinks: mails,
			Support:      Support{s.SupportEmail, s.SupportPhone, s.SupportHours},
			SecurityKeys: SecurityKeySite{why == "", site.ID, why, why.String()},
		}, err
	})
	o.Installation.Protection = op.Read(&o.table, op.Spec{
		Name: "installation.protection", Route: "GET /installation/protection", Background: true,
		Summary: "Where the key is kept that protects the secrets in the database.",
	}, op.Holds(access.ManageInstallation), func(*op.Reading, None) (Protection, error) {
		return Protection{o.deps.Key.Kind, o.deps.Key.Where}, nil
	})
}
