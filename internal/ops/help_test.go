package ops_test

import (
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
)

// number is the registered one of everybody who is locked out in these tests.
const number = "+32470123456"

// asked writes a request of somebody, past the operation.
func (w *town) asked(who *opstest.Person, admin bool, state store.HelpState) {
	w.T.Helper()
	w.Write(func(tx store.WriteTx) error {
		u, err := tx.User(access.Within(who.Account), who.ID)
		if err != nil {
			return err
		}
		u.AdminUser = admin
		err = tx.AskForHelp(u, store.HelpRequest{ID: id.NewHelpRequest(), What: "Lost it.", Reach: "By mail", Face: "browser"})
		if err != nil || state == store.HelpOpen {
			return err
		}
		_, err = tx.CloseHelp(u.Ref(), state, "Anna", "No.")
		return err
	})
}

// open is the open request of somebody.
func (w *town) open(who *opstest.Person) (h id.HelpRequest) {
	w.T.Helper()
	w.Read(func(tx store.ReadTx) error {
		found, err := tx.OpenHelp(who.Ref)
		h = found.ID
		return err
	})
	return h
}

// stuck asks for help as somebody at the second step does, and gives the request.
func (w *town) stuck(who *opstest.Person) id.HelpRequest {
	w.T.Helper()
	w.Exec(`DELETE FROM throttles`)
	opstest.Must(w.Place, opstest.Anybody(), w.Ops.HelpRequests.Ask, ops.HelpInput{Ceremony: w.askedForFactor(who), What: "My phone is gone.", Reach: "+32 2 123 45 67"})
	return w.open(who)
}

// lockedOut is the admin user of a new account, who has asked for help.
func (w *town) lockedOut() *opstest.Person {
	w.T.Helper()
	w.people++
	a := w.Found(fmt.Sprintf("locked%d", w.people), account.MFARequired)
	who := w.somebody(a, opstest.Member{Role: "Admin", AdminUser: true})
	w.Exec(`UPDATE users SET mobile = $2 WHERE id = $1`, string(who.ID), number)
	w.stuck(who)
	return who
}

// proven writes that a caller has proven to be somebody, to whoever asks.
func (w *town) proven(who *opstest.Person, a asking) {
	w.T.Helper()
	operator := "console"
	if a.who != nil {
		operator = strings.TrimSpace("user " + string(a.who.ID))
	}
	w.Write(func(tx store.WriteTx) error {
		return tx.PutCallerProof(who.Ref, store.CallerProof{Operator: operator, Number: number, SentAt: tx.Now(), ExpiresAt: tx.Now().Add(10 * time.Minute), ProvenAt: tx.Now()})
	})
}

// helpSamples are those of samples about people who cannot get in.
func helpSamples(home func(*town, asking) account.Account) map[string]sample {
	declining := func(at func(*town, asking) account.Account) func(*town, asking) any {
		return func(w *town, a asking) any {
			who := w.somebody(at(w, a), opstest.Member{})
			w.asked(who, false, store.HelpOpen)
			return ops.HelpReason{ID: w.open(who), Reason: "You have your recovery codes."}
		}
	}
	locked := func(in func(id.Account) any) sample {
		return sample{own: func(w *town, _ asking) any { return in(w.lockedOut().Account) }}
	}
	return map[string]sample{
		"helpRequests.ask": {own: func(w *town, _ asking) any {
			w.Exec(`DELETE FROM throttles`)
			return ops.HelpInput{Ceremony: w.askedForFactor(w.somebody(w.otter, opstest.Member{})), What: "My phone is at the bottom of the lake.", Reach: "+32 2 123 45 67"}
		}},
		"helpRequests.askByLogin": {own: func(w *town, _ asking) any {
			w.Exec(`DELETE FROM throttles`)
			return ops.HelpByLoginInput{Login: string(w.somebody(w.otter, opstest.Member{}).Login), What: "My phone and my password are gone.", Reach: "+32 2 123 45 67"}
		}},
		"helpRequests.list": {own: func(w *town, a asking) any {
			w.asked(w.somebody(a.home, opstest.Member{}), false, store.HelpOpen)
			return ops.HelpList{}
		}},
		"helpRequests.decline": {own: declining(home), foreign: declining((*town).elsewhere)},
		"accounts.listHelp": {own: func(w *town, _ asking) any {
			w.lockedOut()
			return ops.AdminHelpList{}
		}},
		"accounts.showHelp": locked(func(a id.Account) any { return ops.AccountID{ID: a} }),
		"accounts.recordHelp": {own: func(w *town, _ asking) any {
			who := w.lockedOut()
			w.Exec(`DELETE FROM help_requests WHERE user_id = $1`, string(who.ID))
			return ops.RecordHelpInput{ID: who.Account, What: "Called; the phone is lost."}
		}},
		"accounts.sendHelpCode": {own: func(w *town, _ asking) any {
			w.textTo("http://127.0.0.1:1/")
			return ops.AccountID{ID: w.lockedOut().Account}
		}},
		"accounts.checkHelpCode": locked(func(a id.Account) any { return ops.CallerCodeInput{ID: a, Code: secret.New("1234 5678")} }),
		"accounts.resetAdminFactors": {own: func(w *town, a asking) any {
			who := w.lockedOut()
			w.proven(who, a)
			return ops.AccountReason{ID: who.Account, Reason: "Lost the phone; proven by SMS."}
		}},
		"accounts.declineHelp": locked(func(a id.Account) any { return ops.AccountReason{ID: a, Reason: "Nobody answers at the number."} }),
	}
}
