package store

import (
	"gatehouse/internal/access"
	"gatehouse/internal/id"
	"gatehouse/internal/user"
)

// Held is how many second factors of each kind a user has.
type Held struct{ Apps, Keys, CodesLeft int }

const (
	selectHeld = `SELECT u.id,
			(SELECT COUNT(*) FROM authenticator_apps f WHERE f.user_id = u.id),
			(SELECT COUNT(*) FROM security_keys k WHERE k.user_id = u.id),
			(SELECT COUNT(*) FROM recovery_codes c WHERE c.user_id = u.id AND c.used_at IS NULL)
		FROM users u WHERE u.id IN (`
	// Among so many at most: walking a million to tell how many never came is not
	// worth anybody's time.
	countUnseen = `SELECT COUNT(*), COUNT(CASE WHEN u.state IN ('active', 'invited') AND u.second_factor <> 'service' THEN 1 END) FROM (
			SELECT s.state, s.second_factor FROM users s WHERE s.account_id = $1 AND coalesce(s.last_seen_at, 0) = 0 LIMIT $2
		) u`
	kindsAmong = `SELECT c.account_id, c.state, c.second_factor, c.users FROM user_counts c
		WHERE (SELECT i.operator_id FROM installation i) = $1 AND c.users > 0 AND c.account_id IN (`
)

// Held tells what these users have, at most MaxPage of them.
func (tx ReadTx) Held(users []UserRef) (map[id.User]Held, error) {
	all := map[id.User]Held{}
	ids, p := []any{}, parts{}
	for _, u := range users[:min(len(users), MaxPage)] {
		ids = append(ids, string(u.id))
	}
	if len(ids) == 0 {
		return all, nil
	}
	text := selectHeld + p.several(ids) + `)`
	_, err := list(tx, func(read scan) (h Held, err error) {
		var u id.User
		err = read(&u, &h.Apps, &h.Keys, &h.CodesLeft)
		all[u] = h
		return h, err
	}, text, p.args...)
	return all, err
}

// Unseen counts the people of the account who may come and never have, up to
// MaxCount.
func (tx ReadTx) Unseen(scope access.Scope) (Total, error) {
	return one(tx, func(read scan) (t Total, err error) {
		var looked int
		err = read(&looked, &t.Count)
		t.Minimum = looked > MaxCount
		t.Count = min(t.Count, MaxCount)
		return t, err
	}, countUnseen, string(scope.Account()), MaxCount+1)
}

// KindsAmong is Kinds of several accounts, at most MaxPage of them, for the
// operator; nobody else is told anything.
func (tx ReadTx) KindsAmong(scope access.Scope, accounts []id.Account) (map[id.Account]map[user.State]map[SecondFactor]int, error) {
	all := map[id.Account]map[user.State]map[SecondFactor]int{}
	ids := []any{}
	for _, a := range accounts[:min(len(accounts), MaxPage)] {
		ids = append(ids, string(a))
	}
	if len(ids) == 0 {
		return all, nil
	}
	p := parts{}
	p.arg(string(scope.Account()))
	text := kindsAmong + p.several(ids) + `)`
	_, err := list(tx, func(read scan) (n int, err error) {
		var a id.Account
		var state user.State
		var factor SecondFactor
		if err := read(&a, &state, &factor, &n); err != nil {
			return n, err
		}
		if all[a] == nil {
			all[a] = map[user.State]map[SecondFactor]int{}
		}
		if all[a][state] == nil {
			all[a][state] = map[SecondFactor]int{}
		}
		all[a][state][factor] = n
		return n, nil
	}, text, p.args...)
	return all, err
}
