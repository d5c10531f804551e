package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/apikey"
	"gatehouse/internal/calendar"
	"gatehouse/internal/domain"
	"gatehouse/internal/entry"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// enoughForPrograms users are a registrar that has programs of its own, which
// are among them.
const enoughForPrograms = 36

// programs are the service users, of whom the first two of the cast are owners.
func programs() []user.User {
	return []user.User{
		{Login: "billing", Name: "Billing (WHMCS)", Terms: user.Terms{Owner: "anna", Purpose: "Renews what customers have paid for."}},
		{Login: "search", Name: "Domain search", Terms: user.Terms{Owner: "tom", Purpose: "The search box of the web shop."}},
	}
}

// programKey is a key that somebody made for a program. Nobody learns its
// secret: it is thrown away.
type programKey struct {
	of          user.Login
	description string
	points      []entry.Point
	permissions []access.Permission
	domains     domain.Patterns
	from        []string
	lasts       int // days from now on; below 0: it is over
	daily       int // about how often it is used on a working day
	unused      int // for how many days
	program     string
}

// oldKeys are from the first days.
func oldKeys() []programKey {
	api, both := []entry.Point{entry.API}, []entry.Point{entry.API, entry.ISProxy}
	read := []access.Permission{"VIEW_PROCESS", "VIEW_TLD", "VIEW_DOMAIN", "VIEW_CONTACT", "VIEW_DNS_ZONE", "VIEW_CERTIFICATE"}
	return []programKey{
		{"anna", "Nightly domain report", api, read, nil, []string{"192.0.2.0/24"}, 215, 42, 0, "report.py/3.2 (requests)"},
		{"anna", "Web shop", both, append([]access.Permission{"CHECK_DOMAIN", "CREATE_DOMAIN"}, read...), domain.Patterns{"*.be", "*.nl", "*.eu"}, []string{"198.51.100.7", "2001:db8:40::/48"}, 5, 310, 0, "WooCommerce-Registrar/2.8"},
		{"anna", "Certificate trial", api, []access.Permission{"VIEW_PROCESS", "VIEW_CERTIFICATE", "RENEW_CERTIFICATE"}, nil, nil, -12, 6, 13, "certbot-hook/0.9"},
		{"tom", "Old status page", api, []access.Permission{"VIEW_PROCESS", "VIEW_DOMAIN"}, nil, nil, 200, 20, 104, "curl/7.88.1"},
		{"billing", "Invoice run", api, []access.Permission{"VIEW_PROCESS", "VIEW_DOMAIN", "RENEW_DOMAIN"}, domain.Patterns{"*.be"}, []string{"192.0.2.40"}, 220, 96, 0, "WHMCS/8.10"},
		{"search", "Search box", []entry.Point{entry.ISProxy}, []access.Permission{"CHECK_DOMAIN"}, nil, []string{"198.51.100.0/28"}, 210, 4200, 0, "isproxy-sdk-php/1.4"},
	}
}

// youngKeys were made some weeks ago, and nobody has used them.
func youngKeys() []programKey {
	return []programKey{
		{"anna", "DNS experiment", []entry.Point{entry.API}, []access.Permission{"VIEW_PROCESS", "VIEW_DNS_ZONE", "UPDATE_DNS_ZONE"}, domain.Patterns{"harbour.example"}, nil, 320, 0, never, ""},
	}
}

// never is longer than anything here is old.
const never = 1 << 20

// addPrograms adds the service users.
func (f *filler) addPrograms(ctx context.Context) error {
	if f.Users < enoughForPrograms {
		return nil
	}
	for _, u := range programs() {
		u.ID, u.Account, u.State, u.Terms.Owner = id.NewUser(), f.home.ID, user.Active, f.known[user.Login(u.Terms.Owner)].ID
		u.Terms.ExpiresOn = calendar.On(f.until.AddDate(1, 0, 0))
		u.Entry.Points = entry.OnlyPoints(entry.API, entry.ISProxy)
		err := f.write(ctx, func(tx store.WriteTx) error {
			ref, err := tx.AddUser(u, "", f.roles["All"].ID)
			if err != nil {
				return fmt.Errorf("add user: %w", err)
			}
			f.known[u.Login], f.refs[u.Login] = u, ref
			f.record(tx, "serviceUser.added", named(f.admin), object(u), activity.Detail{"login": u.Login, "owner": u.Terms.Owner, "expiresOn": u.Terms.ExpiresOn})
			return nil
		})
		if err != nil {
			return fmt.Errorf("add %s: %w", u.Login, err)
		}
	}
	return nil
}

// addKeys makes keys as of now in the history, with the uses they have had by
// the end of it. Where there are no service users, the admin user has theirs.
func (f *filler) addKeys(ctx context.Context, all []programKey) error {
	for _, k := range all {
		if _, ok := f.known[k.of]; !ok {
			k.of = f.admin.Login
		}
		err := f.write(ctx, func(tx store.WriteTx) error {
			made, err := f.addKey(tx, k)
			if err != nil {
				return err
			}
			return tx.NoteKeyUses(k.uses(made.ID, tx.Now(), f.until))
		})
		if err != nil {
			return fmt.Errorf("add key %q: %w", k.description, err)
		}
	}
	return nil
}

func (f *filler) addKey(tx store.WriteTx, k programKey) (apikey.Key, error) {
	u, token := f.known[k.of], apikey.NewToken()
	var form field.Form
	made := apikey.Key{
		ID: id.NewKey(), Account: f.home.ID, User: u.ID, Description: k.description, Shown: token.Shown(), Digest: token.Digest(f.Vault.Digest),
		Entry:  entry.Rules{Points: entry.OnlyPoints(k.points...), Ranges: entry.ReadRanges(&form, "ipRules", k.from)},
		Rights: access.RightsOf(k.permissions...), Domains: k.domains,
		CreatedAt: tx.Now(), ExpiresAt: calendar.On(f.until.AddDate(0, 0, k.lasts)).Ends(),
	}
	if len(made.Domains) == 0 {
		made.Domains = domain.Patterns{domain.All}
	}
	if err := form.Err(); err != nil {
		return made, err
	}
	if err := tx.AddKey(f.refs[k.of], made); err != nil {
		return made, fmt.Errorf("write key: %w", err)
	}
	f.record(tx, "key.created", named(f.admin), activity.Object{Kind: "key", ID: string(made.ID), Name: made.Description}, activity.Detail{
		"user": u.ID, "shown": made.Shown, "channels": k.points, "permissions": made.Rights.Permissions(), "domains": made.Domains, "ipRules": k.from, "expiresAt": made.ExpiresAt,
	})
	return made, nil
}

// uses of a key on each day until it was used last: fewer at weekends, and never
// quite the same.
func (k programKey) uses(made id.Key, from, until time.Time) []store.KeyUse {
	address := "203.0.113.18"
	if len(k.from) > 0 {
		address, _, _ = strings.Cut(k.from[0], "/")
	}
	var all []store.KeyUse
	for ago := int(until.Sub(from) / (24 * time.Hour)); ago >= k.unused; ago-- {
		day := until.AddDate(0, 0, -ago)
		n := k.daily + k.daily*((ago*29)%17-8)/24
		if w := day.Weekday(); w == time.Saturday || w == time.Sunday {
			n /= 3
		}
		if n > 0 {
			all = append(all, store.KeyUse{Key: made, Day: calendar.On(day), Uses: int64(n), Last: apikey.Use{At: day.Add(-7 * time.Minute), Address: address, Program: k.program}})
		}
	}
	return all
}

// sinceRotation is how long ago a key was rotated last, by the end of the
// history.
const sinceRotation = 4 * time.Hour

// rotateOne gives a key a successor, as its program moves over.
func (f *filler) rotateOne(ctx context.Context, description string) error {
	return f.write(ctx, func(tx store.WriteTx) error {
		found, err := tx.Keys(access.Within(f.home.ID), store.KeyFilter{Span: store.Span{Limit: len(oldKeys()) + len(youngKeys())}})
		if err != nil {
			return fmt.Errorf("list keys: %w", err)
		}
		for _, old := range found.Rows {
			if old.Description != description {
				continue
			}
			next, token := old.Key, apikey.NewToken()
			next.ID, next.Shown, next.Digest, next.Last = id.NewKey(), token.Shown(), token.Digest(f.Vault.Digest), apikey.Use{}
			next.ExpiresAt = calendar.On(f.until.AddDate(1, 0, 0)).Ends()
			old.Successor, old.ExpiresAt = next.ID, f.until.Add(apikey.Overlap-sinceRotation)
			for _, u := range f.known {
				if u.ID != old.User {
					continue
				}
				if err := tx.AddKey(f.refs[u.Login], next); err != nil {
					return fmt.Errorf("write successor: %w", err)
				}
			}
			if err := tx.UpdateKey(access.Within(f.home.ID), old.Key); err != nil {
				return fmt.Errorf("end the old key: %w", err)
			}
			f.record(tx, "key.rotated", named(f.admin), activity.Object{Kind: "key", ID: string(old.ID), Name: old.Description}, activity.Detail{
				"user": old.User, "shown": old.Shown, "successor": next.ID, "successorShown": next.Shown, "oldEndsAt": old.ExpiresAt, "expiresAt": next.ExpiresAt,
			})
		}
		return nil
	})
}
