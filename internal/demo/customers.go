package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// customer is an account that the registrar opened.
type customer struct {
	handle account.Handle
	name   string
	opened time.Time // before May 2020 a second factor is only recommended
	state  account.State
	people []person // the first is the admin user
}

// lotte is the one customer whom one can sign in as: her account is old enough
// to be asked, and not made, to set up a second factor.
const lotte = "lotte"

func customers() []customer {
	day := func(year int, month time.Month, d int) time.Time {
		return time.Date(year, month, d, 9, 0, 0, 0, time.UTC)
	}
	return []customer{
		{"kelder-hosting", "Kelder Hosting", day(2017, time.March, 6), account.Open, []person{
			{lotte, "Lotte Kelder", "Admin", false}, {"ruben.kelder", "Ruben Kelder", "Tech", true}, {"mia.baert", "Mia Baert", "Finance", false},
		}},
		{"blauer-hafen", "Blauer Hafen GmbH", day(2019, time.November, 18), account.Open, []person{
			{"jonas.brandt", "Jonas Brandt", "Admin", true}, {"petra.kuhn", "Petra Kühn", "Support", true}, {"ali.demir", "Ali Demir", "Tech", true}, {"eva.lang", "Eva Lang", "Support", false},
		}},
		{"studio-mistral", "Studio Mistral", day(2021, time.June, 2), account.Open, []person{
			{"camille.roux", "Camille Roux", "Admin", true}, {"hugo.faure", "Hugo Faure", "All", true},
		}},
		{"noordzee-web", "Noordzee Web", day(2023, time.January, 30), account.Suspended, []person{
			{"sven.dekker", "Sven Dekker", "Admin", true}, {"iris.mulder", "Iris Mulder", "Support", true},
		}},
		{"alba-registry", "Alba Registry Services", day(2025, time.September, 9), account.Open, []person{
			{"fiona.reid", "Fiona Reid", "Admin", true}, {"callum.ross", "Callum Ross", "Tech", true}, {"isla.grant", "Isla Grant", "Finance", true},
		}},
		{"zonneweg", "Zonneweg Coöperatie", day(2026, time.August, 24), account.Open, []person{
			{"bram.jansen", "Bram Jansen", "Admin", false},
		}},
	}
}

// customers opens their accounts and fills them.
func (f *filler) customers(ctx context.Context) error {
	for _, c := range customers() {
		a := account.Account{
			ID: id.NewAccount(), Handle: c.handle, Name: c.name, Email: user.Email("office@" + string(c.handle) + ".example"), Mobile: "+32470000001",
			State: c.state, OpenedAt: c.opened, MFAPolicy: account.PolicyOf(c.opened),
		}
		err := f.write(ctx, func(tx store.WriteTx) error {
			_, err := ops.AddAccount(tx, a)
			return err
		})
		if err != nil {
			return fmt.Errorf("open %s: %w", c.handle, err)
		}
		for n, p := range c.people {
			if err := f.colleagueOf(ctx, a, n == 0, p); err != nil {
				return fmt.Errorf("add %s: %w", p.login, err)
			}
		}
	}
	return nil
}

// colleagueOf adds somebody to a customer's account. Whoever has no second
// factor where one is required has not come yet.
func (f *filler) colleagueOf(ctx context.Context, a account.Account, admin bool, p person) error {
	u := user.User{
		ID: id.NewUser(), Account: a.ID, Login: user.Login(p.login), Name: p.name, Email: user.Email(p.login + "@" + string(a.Handle) + ".example"),
		Language: "en", State: user.Active, AdminUser: admin,
	}
	hash := ""
	switch {
	case p.login == lotte:
		var err error
		if hash, err = f.practiceHash(ctx, u.Login); err != nil {
			return err
		}
	case !p.app && a.MFAPolicy == account.MFARequired:
		u.State = user.Invited
	}
	return f.write(ctx, func(tx store.WriteTx) error {
		roles, err := tx.Roles(access.Within(a.ID))
		if err != nil {
			return fmt.Errorf("read roles: %w", err)
		}
		var given []id.Role
		for _, r := range roles {
			if r.Name == p.role {
				given = append(given, r.ID)
			}
		}
		ref, err := tx.AddUser(u, hash, given...)
		if err != nil {
			return fmt.Errorf("add user: %w", err)
		}
		f.recordIn(tx, a.ID, "user.added", activity.Actor{Kind: "system", Name: "practice data"}, object(u), activity.Detail{"login": u.Login, "roles": []string{p.role}})
		if u.State == user.Active {
			if err := tx.Seen(ref); err != nil {
				return fmt.Errorf("note that %s was seen: %w", u.Login, err)
			}
		}
		if !p.app {
			return nil
		}
		return f.giveApp(tx, ref, u)
	})
}

// deskLead can do what Support can, without which nobody manages users of that role, and manage users.
func deskLead() []access.Permission {
	all := access.Templates()
	support := all[slices.IndexFunc(all, func(r access.Role) bool { return r.Name == "Support" })]
	return append(slices.Clone(support.Permissions), access.ManageUser, access.ViewActivity)
}

// ownRoles are those that the registrar made for itself.
func (f *filler) ownRoles(ctx context.Context) error {
	for _, r := range []access.Role{
		{Name: "Registrations", Description: "Registers, renews and transfers domains.", Permissions: []access.Permission{
			"VIEW_PROCESS", "VIEW_TLD", "CHECK_DOMAIN", "VIEW_DOMAIN", "CREATE_DOMAIN", "UPDATE_DOMAIN", "RENEW_DOMAIN", "TRANSFER_DOMAIN", "VIEW_CONTACT", "CREATE_CONTACT", "UPDATE_CONTACT",
		}},
		{Name: "Desk lead", Description: "Adds and helps colleagues of the support desk.", Permissions: deskLead()},
	} {
		r.ID, r.Account = id.NewRole(), f.home.ID
		if err := f.write(ctx, func(tx store.WriteTx) error { return tx.AddRole(r) }); err != nil {
			return fmt.Errorf("add role %s: %w", r.Name, err)
		}
		f.roles[r.Name] = r
	}
	return nil
}

// days lets time pass: people come and go, mistype and change things.
func (f *filler) days(ctx context.Context, random *rand.Rand, colleagues []user.User) error {
	if len(colleagues) == 0 {
		return nil
	}
	for range busyDays {
		u := colleagues[random.IntN(len(colleagues))]
		err := f.write(ctx, func(tx store.WriteTx) error {
			session := activity.Object{Kind: "session", ID: string(id.NewSession())}
			switch random.IntN(9) {
			case 0:
				f.refused(tx, u, "session.signed_in", problem.SignInFailed)
			case 1:
				f.refused(tx, u, "session.signed_in", problem.CodeWrong)
			case 2:
				f.recordIn(tx, f.home.ID, "password.changed", named(u), object(u), activity.Detail{"sessionsEnded": random.IntN(2)})
			case 3:
				before := strings.ToLower(strings.ReplaceAll(u.Name, " ", "")) + "@old.example"
				f.recordIn(tx, f.home.ID, "user.updated", named(f.admin), object(u), activity.Detail{"email": activity.Detail{"before": before, "after": u.Email}})
			default:
				f.recordIn(tx, f.home.ID, "session.signed_in", named(u), session, nil)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// refused records that somebody was not let in.
func (f *filler) refused(tx store.WriteTx, u user.User, event string, why problem.Code) {
	tx.Record(activity.Record{
		Event: event, Outcome: activity.Refused, Reason: why, Account: u.Account, Actor: activity.Actor{Kind: string(access.Anonymous)}, Object: object(u),
		Source: activity.Source{Face: string(access.FaceBrowser), Address: "198.51.100.23", Program: "Practice data"},
	})
}
