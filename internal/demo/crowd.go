package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"

	"gatehouse/internal/activity"
	"gatehouse/internal/id"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
	"gatehouse/internal/vault"
)

// historic users are added one by one and leave records; more come in bulk.
const historic = 40

// More users come in bulk: so many in one write, and so many writes at a time.
const (
	bulk        = 25
	bulkWriters = 200
)

// crowd adds the colleagues that one does not sign in as; programs are there already.
func (f *filler) crowd(ctx context.Context) error {
	random := rand.New(rand.NewPCG(7, 11)) // the same crowd every time
	used := map[string]int{}
	colleagues := []user.User{f.admin}
	first := len(f.known)
	for n := first; n < f.Users && n < first+historic; n++ {
		u, role := f.colleague(random, used, n)
		if u.State == user.Active {
			colleagues = append(colleagues, u)
		}
		if err := f.write(ctx, func(tx store.WriteTx) error { return f.join(tx, random, u, role) }); err != nil {
			return fmt.Errorf("add %s: %w", u.Login, err)
		}
	}
	if err := f.days(ctx, random, colleagues); err != nil {
		return fmt.Errorf("let days pass: %w", err)
	}
	return f.rest(ctx, random, used)
}

// rest adds everybody beyond those with a history, with nothing but a row and
// a role. Many small writes at a time make large commits, since the writer
// gathers them; one large write would be slower, since undoing it has to be
// prepared for as a whole.
func (f *filler) rest(ctx context.Context, random *rand.Rand, used map[string]int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan []member)
	var writers sync.WaitGroup
	for range bulkWriters {
		writers.Go(func() {
			for m := range work {
				if err := f.enrol(ctx, m); err != nil {
					cancel(err)
				}
			}
		})
	}
	for n := len(f.known) + historic; n < f.Users && ctx.Err() == nil; n += bulk {
		var m []member
		for i := n; i < min(n+bulk, f.Users); i++ {
			u, role := f.colleague(random, used, i)
			m = append(m, member{u, role})
		}
		work <- m
	}
	close(work)
	writers.Wait()
	return context.Cause(ctx)
}

// member is somebody who has a role.
type member struct {
	user user.User
	role string
}

func (f *filler) enrol(ctx context.Context, members []member) error {
	return f.DB.Write(ctx, func(tx store.WriteTx) error {
		for _, m := range members {
			if _, err := tx.AddUser(m.user, "", f.roles[m.role].ID); err != nil {
				return fmt.Errorf("add %s: %w", m.user.Login, err)
			}
		}
		return nil
	})
}

// join adds a colleague with a bit of history.
func (f *filler) join(tx store.WriteTx, random *rand.Rand, u user.User, role string) error {
	ref, err := f.add(tx, u, "", role)
	if err != nil {
		return err
	}
	if u.State != user.Active {
		return nil
	}
	if err := tx.Seen(ref); err != nil {
		return fmt.Errorf("note that %s was seen: %w", u.Login, err)
	}
	f.record(tx, "activation.completed", named(u), object(u), nil)
	if random.IntN(5) > 0 {
		if err := f.giveApp(tx, ref, u); err != nil {
			return err
		}
	}
	for range random.IntN(3) {
		f.record(tx, "session.signed_in", named(u), activity.Object{Kind: "session", ID: string(id.NewSession())}, nil)
	}
	return nil
}

// colleague makes somebody up.
func (f *filler) colleague(random *rand.Rand, used map[string]int, n int) (user.User, string) {
	first, last := firstNames[random.IntN(len(firstNames))], lastNames[random.IntN(len(lastNames))]
	login := strings.ReplaceAll(user.Fold(first+"."+last), " ", "")
	if used[login]++; used[login] > 1 {
		login = fmt.Sprintf("%s%d", login, used[login])
	}
	u := user.User{
		ID: id.NewUser(), Account: f.home.ID, Login: user.Login(login), Name: first + " " + last,
		Email: user.Email(login + "@harbour.example"), Language: user.Languages()[random.IntN(2)], State: user.Active,
	}
	switch {
	case n%9 == 4:
		u.State = user.Invited
	case n%13 == 7:
		u.State = user.Deactivated
	}
	return u, []string{"Support", "Support", "Support", "Tech", "Tech", "Finance", "All", "Registrations", "Desk lead"}[random.IntN(9)]
}

// passwordOf is a practice password: words chosen by the installation's key,
// the same every time, and known to nobody without it.
func passwordOf(v *vault.Vault, login user.Login) secret.Text {
	digest := v.Digest("practice password", []byte(login))
	digest = digest[strings.LastIndexByte(digest, '.')+1:]
	var parts []string
	for i := range 4 {
		parts = append(parts, words[(int(digest[2*i])*67+int(digest[2*i+1]))%len(words)])
	}
	return secret.New(strings.Join(parts, "-"))
}

var words = [...]string{
	"anchor", "barley", "candle", "dolphin", "ember", "feather", "glacier", "hazel", "island", "juniper", "kettle", "lantern",
	"marble", "nutmeg", "orchard", "pebble", "quarry", "raven", "saddle", "timber", "umbrella", "velvet", "walnut", "yonder",
	"zephyr", "bramble", "copper", "drizzle", "fiddle", "gravel", "harvest", "ivory",
}

var firstNames = [...]string{
	"Aïcha", "Alex", "Amélie", "Anke", "Bart", "Björn", "Carla", "Chloé", "Daan", "Dirk", "Elif", "Emma", "Fatima", "Femke", "Françoise",
	"Geert", "Greta", "Hannah", "Ilse", "Ingrid", "Jan", "Jasmin", "Jürgen", "Karim", "Kim", "Laura", "Lena", "Liam", "Łukasz", "Marie",
	"Mehmet", "Nadia", "Niels", "Olivia", "Pieter", "Ruth", "Sanne", "Sofía", "Thomas", "Yara", "Zoë", "Øystein",
}

var lastNames = [...]string{
	"Aerts", "Bäcker", "Claes", "De Smet", "Dubois", "Fernández", "Fischer", "Goossens", "Groß", "Hendriks", "Jacobs", "Janssens",
	"Kowalski", "Lambert", "Leroy", "Maes", "Martin", "Mertens", "Müller", "Nguyen", "Ødegård", "Özdemir", "Peeters", "Petit",
	"Ramos", "Rossi", "Schäfer", "Simon", "Şahin", "Van den Berg", "Van Damme", "Vermeulen", "Wagner", "Weber", "Willems", "Wouters",
}
