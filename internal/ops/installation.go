package ops

import (
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
}

type installationOps struct {
	Show *op.Op[None, Installation]
}

func (o *Operations) addInstallation() {
	o.Installation.Show = op.Read(&o.table, op.Spec{
		Name: "installation.show", Route: "GET /installation", Background: true,
		Summary: "What this installation is, and whether it is set up.",
	}, op.Anyone[None](), func(r *op.Reading, _ None) (Installation, error) {
		in, err := r.Tx.Installation()
		return Installation{
			SetUp: in.SetUp(), Practice: in.Practice, Version: o.deps.Version, Place: o.deps.Place,
			SetupCodeNeeded: o.deps.SetupCode != nil, Languages: user.Languages(),
		}, err
	})
}
