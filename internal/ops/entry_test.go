package ops_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/entry"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
)

// program is a caller over REST.
func program(address string) access.Source {
	s := opstest.From(address)
	s.Face, s.Program = access.FaceREST, "curl"
	return s
}

// desk is somebody at the machine itself.
var desk = access.Source{Face: access.FaceDesk, Program: "Gatehouse"}

// restrict changes the ways in of somebody, past the guards of people.
func (w *town) restrict(who *opstest.Person, points, ranges []string) {
	w.T.Helper()
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, AccessPoints: points, IPRules: ranges})
}

// signsIn says what comes of a right password from there.
func (w *town) signsIn(who *opstest.Person, from access.Source) error {
	w.T.Helper()
	_, err := opstest.Do(w.Place, auth.Caller{Source: from}, w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password)})
	return err
}

// at is a caller who has gone somewhere else.
func at(c auth.Caller, from access.Source) auth.Caller {
	return auth.Caller{Credential: c.Credential, Source: from}
}

// Whoever comes by a way that is not theirs hears what a wrong password gives,
// at the same price; the user's activity has the reason.
func TestEntry_signIn(t *testing.T) {
	for name, c := range map[string]struct {
		points, ranges []string
		from           access.Source
		reason         problem.Code
	}{
		"no rules":                           {nil, nil, opstest.From("203.0.113.9"), ""},
		"on the list":                        {nil, []string{"192.0.2.0/24"}, opstest.From("192.0.2.200"), ""},
		"on the list, by IPv6":               {nil, []string{"10.0.0.0/8", "2001:db8::/48"}, opstest.From("2001:db8::7"), ""},
		"on the list, IPv4 in IPv6":          {nil, []string{"192.0.2.0/24"}, opstest.From("::ffff:192.0.2.200"), ""},
		"not on the list":                    {nil, []string{"192.0.2.0/24"}, opstest.From("192.0.3.1"), problem.AddressRefused},
		"not on the list, by IPv6":           {nil, []string{"192.0.2.0/24"}, opstest.From("2001:db8::7"), problem.AddressRefused},
		"with a zone":                        {nil, []string{"fe80::/10"}, opstest.From("fe80::1%eth0"), problem.AddressRefused},
		"from an address that is not known":  {nil, []string{"0.0.0.0/0", "::/0"}, access.Source{Face: access.FaceBrowser}, problem.AddressRefused},
		"at the Desk, with rules":            {nil, []string{"192.0.2.0/24"}, desk, ""},
		"at the Desk, without WEB":           {[]string{"API"}, nil, desk, problem.PointRefused},
		"in a browser, without WEB":          {[]string{"API", "ISPROXY"}, nil, opstest.Somewhere, problem.PointRefused},
		"a program, with WEB only":           {[]string{"WEB"}, nil, program("192.0.2.7"), problem.PointRefused},
		"a program, with API":                {[]string{"API"}, nil, program("192.0.2.7"), ""},
		"a program, from elsewhere":          {[]string{"API"}, []string{"10.0.0.0/8"}, program("192.0.2.7"), problem.AddressRefused},
		"by a way that nobody has heard of":  {nil, nil, access.Source{Face: "telnet"}, problem.PointRefused},
		"in a browser, with nothing but WEB": {[]string{"web"}, nil, opstest.Somewhere, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{})
			if c.points != nil || c.ranges != nil {
				w.restrict(who, c.points, c.ranges)
			}
			hashes := w.Hashes.Load()
			if c.reason == "" {
				code(t, w.signsIn(who, c.from), "ok")
				return
			}
			if _, err := opstest.Do(w.Place, auth.Caller{Source: c.from}, w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password)}); true {
				_, wrong := opstest.Do(w.Place, auth.Caller{Source: c.from}, w.Ops.Session.SignIn, ops.SignInInput{Login: "nobody.at.all", Password: secret.New(opstest.Password)})
				if diff := cmp.Diff(problem.Of(wrong).Error(), problem.Of(err).Error()); diff != "" {
					t.Errorf("it can be told from a login that does not exist (-that +this):\n%s", diff)
				}
			}
			if n := w.Hashes.Load() - hashes; n != 2 {
				t.Errorf("%d hashes were computed for two attempts", n)
			}
			for _, r := range w.Records() {
				if r.Event == "session.signed_in" && r.Object.ID == string(who.ID) && (r.Reason != c.reason || r.Outcome != activity.Refused || r.Account != w.otter.ID) {
					t.Errorf("the log says %s", opstest.Brief(r))
				}
			}
			if n := w.Count(`SELECT COUNT(*) FROM activity WHERE object_id = $1 AND outcome = 'refused'`, string(who.ID)); n != 1 {
				t.Errorf("%d refusals are in the log of the user", n)
			}
			// It counts like a wrong password: otherwise the count would tell.
			for range 4 {
				code(t, w.signsIn(who, c.from), problem.SignInFailed)
			}
			code(t, w.signsIn(who, c.from), problem.TooManyAttempts)
		})
	}
}

// A wrong password is a wrong password, wherever it comes from.
func TestEntry_signInWrongPassword(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	w.restrict(who, nil, []string{"10.0.0.0/8"})
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New("wrong wrong wrong")}, problem.SignInFailed)
	if r := w.LastRecord(); r.Reason != problem.SignInFailed {
		t.Errorf("the log says %s", opstest.Brief(r))
	}
}

// The second factor is asked where the password was right, and counts only
// where the user may be.
func TestEntry_secondFactorFromElsewhere(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	w.restrict(who, nil, []string{"192.0.2.7"})
	ceremony := w.askedForFactor(who)
	opstest.Refused(w.Place, auth.Caller{Source: opstest.From("192.0.2.8")}, w.Ops.Session.Verify, ops.VerifyInput{Ceremony: ceremony, Code: who.Code()}, problem.SignInFailed)
	if r := w.LastRecord(); r.Reason != problem.AddressRefused || r.Object.ID != string(who.ID) {
		t.Errorf("the log says %s", opstest.Brief(r))
	}
	// That took the ceremony; the code was not looked at.
	opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.Verify, ops.VerifyInput{Ceremony: w.askedForFactor(who), Code: who.Code()})
}

// A session that is carried elsewhere ends at its first call there, and says
// nothing of whose it is.
func TestEntry_sessionCarriedAway(t *testing.T) {
	for name, c := range map[string]struct {
		from access.Source
		want problem.Code
	}{
		"another address": {opstest.From("198.51.100.7"), problem.AddressRefused},
		"no address":      {access.Source{Face: access.FaceBrowser}, problem.AddressRefused},
		"another face":    {program("192.0.2.7"), problem.PointRefused},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
			w.restrict(who, []string{"WEB"}, []string{"192.0.2.0/24"})
			for what, call := range map[string]func(auth.Caller) error{
				"read": func(c auth.Caller) error {
					_, err := opstest.Do(w.Place, c, w.Ops.Users.List, ops.UserList{})
					return err
				},
				"write": func(c auth.Caller) error {
					_, err := opstest.Do(w.Place, c, w.Ops.Profile.EndOtherSessions, ops.None{})
					return err
				},
				"sign-out": func(c auth.Caller) error {
					_, err := opstest.Do(w.Place, c, w.Ops.Session.SignOut, ops.None{})
					return err
				},
			} {
				session := who.Caller()
				before := len(w.Records())
				code(t, call(at(session, c.from)), c.want)
				r := w.LastRecord()
				if n := len(w.Records()) - before; n != 1 || r.Reason != c.want || r.Actor.ID != string(who.ID) || r.Account != w.otter.ID {
					t.Errorf("%s: %d records, the last %s", what, n, opstest.Brief(r))
				}
				code(t, call(session), problem.SessionEnded)
			}
			// What is open to anyone takes nobody for the user, and ends the session too.
			session := who.Caller()
			if got := opstest.Must(w.Place, at(session, c.from), w.Ops.Session.Show, ops.None{}); got.State != ops.SignedOut || got.Session != nil {
				t.Errorf("it says %+v", got)
			}
			if r := w.LastRecord(); opstest.Brief(r) != "access.refused refused "+string(c.want)+" by user "+who.Name || r.Detail["operation"] != "session.show" {
				t.Errorf("the log says %s", opstest.Brief(r))
			}
			if w.alive(session) {
				t.Error("the session lives on")
			}
			session = who.Caller()
			other := w.somebody(w.heron, opstest.Member{NoFactor: true})
			opstest.Must(w.Place, auth.Caller{Credential: session.Credential, Source: c.from}, w.Ops.Session.SignIn, ops.SignInInput{Login: string(other.Login), Password: secret.New(opstest.Password)})
			if w.alive(session) {
				t.Error("a session that came along with a sign-in lives on")
			}
		})
	}
}

// New IP rules end the sessions that there are, in the same commit; the one
// who makes them keeps the one they make them in.
func TestEntry_changeEndsSessions(t *testing.T) {
	w := newTown(t)
	admin, who := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{})
	session := who.Caller()
	update := func(c auth.Caller, in ops.UpdateUserInput) error {
		_, err := opstest.Do(w.Place, c, w.Ops.Users.Update, in)
		return err
	}
	code(t, update(admin.Caller(), ops.UpdateUserInput{ID: who.ID, Name: new("Somebody Else"), AccessPoints: []string{"ISPROXY", "API", "WEB"}, IPRules: []string{}}), "ok")
	if !w.alive(session) {
		t.Error("a change of something else ended the session")
	}
	code(t, update(admin.Caller(), ops.UpdateUserInput{ID: who.ID, IPRules: []string{"192.0.2.0/24"}}), "ok")
	if n := w.Count(`SELECT COUNT(*) FROM sessions WHERE user_id = $1`, string(who.ID)); n != 0 {
		t.Errorf("%d sessions were left", n)
	}
	own, other := admin.Caller(), admin.Caller()
	code(t, update(own, ops.UpdateUserInput{ID: admin.ID, IPRules: []string{"192.0.2.0/24"}}), "ok")
	if !w.alive(own) || w.alive(other) {
		t.Error("of one's own sessions, the other ones end")
	}
	r := w.LastRecord()
	want := activity.Detail{"ipRules": map[string]any{"before": []any{}, "after": []any{"192.0.2.0/24"}}}
	if diff := cmp.Diff(want, r.Detail); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}

// Who loses an access point loses the sessions that came by it, and no others.
func TestEntry_losesAccessPoint(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true})
	signIn := func(from access.Source) auth.Caller {
		out := opstest.Must(w.Place, auth.Caller{Source: from}, w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password)})
		return auth.Caller{Credential: auth.Session(out.SessionToken()), Source: from}
	}
	browser, atDesk, curl := signIn(opstest.Somewhere), signIn(desk), signIn(program("192.0.2.7"))
	w.restrict(who, []string{"API"}, nil)
	if n := w.Count(`SELECT COUNT(*) FROM sessions WHERE user_id = $1 AND face <> 'rest'`, string(who.ID)); n != 0 {
		t.Errorf("%d sessions of people were left", n)
	}
	for name, c := range map[string]auth.Caller{"browser": browser, "desk": atDesk} {
		if w.alive(c) {
			t.Errorf("the session of the %s lives on", name)
		}
	}
	if !w.alive(curl) {
		t.Error("the session of the program ended")
	}
	w.Reopen()
	if !w.alive(curl) || w.alive(browser) {
		t.Error("a restart changes it")
	}
	code(t, w.signsIn(who, opstest.Somewhere), problem.SignInFailed)
}

// Nobody shuts themselves out, from wherever they say so.
func TestEntry_selfLockout(t *testing.T) {
	for name, c := range map[string]struct {
		from   access.Source
		ranges []string
		want   problem.Code
	}{
		"without the own address":          {opstest.Somewhere, []string{"10.0.0.0/8", "192.0.2.8"}, problem.SelfLockout},
		"with it":                          {opstest.Somewhere, []string{"10.0.0.0/8", "192.0.2.7"}, "ok"},
		"in a range":                       {opstest.Somewhere, []string{"192.0.2.0/29"}, "ok"},
		"from another than the session's":  {opstest.From("10.1.2.3"), []string{"192.0.2.7"}, problem.SelfLockout},
		"by IPv6, without it":              {opstest.From("2001:db8::7"), []string{"192.0.2.0/24"}, problem.SelfLockout},
		"by a program":                     {program("192.0.2.7"), []string{"10.0.0.0/8"}, problem.SelfLockout},
		"at the Desk, which is not bound":  {desk, []string{"10.0.0.0/8"}, "ok"},
		"from an address nobody knows":     {access.Source{Face: access.FaceBrowser}, []string{"0.0.0.0/0", "::/0"}, problem.SelfLockout},
		"no rules":                         {opstest.Somewhere, []string{""}, "ok"},
		"a range that cannot be read, too": {opstest.Somewhere, []string{"10.0.0.0/8", "nonsense"}, problem.InvalidFields},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
			session := at(admin.Caller(), c.from)
			_, err := opstest.Do(w.Place, session, w.Ops.Users.Update, ops.UpdateUserInput{ID: admin.ID, Name: new("Renamed"), IPRules: c.ranges})
			code(t, err, c.want)
			if c.want != "ok" {
				if u := w.show(admin.ID); u.Name == "Renamed" || len(u.IPRules) != 0 {
					t.Errorf("something was changed: %+v", u)
				}
			}
			if !w.alive(session) {
				t.Error("the session ended")
			}
		})
	}
}

// Who may say from where somebody comes.
func TestEntry_guards(t *testing.T) {
	w := newTown(t)
	boss := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true})
	admin, who := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{})
	stranger := w.somebody(w.heron, opstest.Member{Role: "Admin"})
	support := w.somebody(w.otter, opstest.Member{Role: "Support"})
	manager, _ := w.manager()
	here, points := []string{"192.0.2.0/24"}, []string{"WEB"}
	for _, c := range []struct {
		name string
		by   func() auth.Caller
		in   ops.UpdateUserInput
		want problem.Code
	}{
		{"one's own addresses", admin.Caller, ops.UpdateUserInput{ID: admin.ID, IPRules: here}, "ok"},
		{"one's own access points", admin.Caller, ops.UpdateUserInput{ID: admin.ID, AccessPoints: points}, problem.OwnRights},
		{"one's own access points, as they are", admin.Caller, ops.UpdateUserInput{ID: admin.ID, AccessPoints: []string{"API", "WEB", "ISPROXY"}}, "ok"},
		{"the admin user's addresses", admin.Caller, ops.UpdateUserInput{ID: boss.ID, IPRules: here}, problem.AdminUser},
		{"the admin user's access points", admin.Caller, ops.UpdateUserInput{ID: boss.ID, AccessPoints: points}, problem.AdminUser},
		{"the admin user, themselves", boss.Caller, ops.UpdateUserInput{ID: boss.ID, IPRules: here}, "ok"},
		{"the admin user, by the console", func() auth.Caller { return opstest.Console("otter") }, ops.UpdateUserInput{ID: boss.ID, IPRules: []string{""}}, "ok"},
		{"a colleague's", admin.Caller, ops.UpdateUserInput{ID: who.ID, AccessPoints: points, IPRules: []string{"10.0.0.0/8"}}, "ok"},
		{"of another account", stranger.Caller, ops.UpdateUserInput{ID: who.ID, IPRules: here}, problem.NotFound},
		{"without the right to manage users", support.Caller, ops.UpdateUserInput{ID: who.ID, IPRules: here}, problem.Forbidden},
		{"of somebody who holds more", manager.Caller, ops.UpdateUserInput{ID: admin.ID, IPRules: here}, problem.Outranked},
		{"no access point at all", admin.Caller, ops.UpdateUserInput{ID: who.ID, AccessPoints: []string{}}, problem.InvalidFields},
	} {
		_, err := opstest.Do(w.Place, c.by(), w.Ops.Users.Update, c.in)
		if got := opstest.CodeOf(err); got != string(c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	stale := admin.Caller()
	w.Clock.Advance(6 * 60e9)
	opstest.Refused(w.Place, stale, w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, IPRules: []string{""}}, problem.StepUpRequired)
}

// All that is wrong is said at once, with the place of each rule.
func TestEntry_faults(t *testing.T) {
	w := newTown(t)
	admin, who := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{})
	want := []string{"email:bad_format", "accessPoints[1]:unknown", "ipRules[0]:bad_address", "ipRules[2]:host_bits", "ipRules[3]:duplicate"}
	points, ranges := []string{"WEB", "FTP"}, []string{"010.0.0.1", "10.0.0.0/8", "192.0.2.7/24", "10.0.0.0/8"}
	_, err := opstest.Do(w.Place, admin.Caller(), w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Email: new("nonsense"), AccessPoints: points, IPRules: ranges})
	if diff := cmp.Diff(want, opstest.Violations(err)); diff != "" {
		t.Errorf("an update (-want +got):\n%s", diff)
	}
	in := w.colleague(w.Role(w.otter, "Support"))
	in.Email, in.AccessPoints, in.IPRules = "nonsense", points, ranges
	_, err = opstest.Do(w.Place, admin.Caller(), w.Ops.Users.Add, in)
	if diff := cmp.Diff(want, opstest.Violations(err)); diff != "" {
		t.Errorf("a new user (-want +got):\n%s", diff)
	}
	in.Email, in.AccessPoints, in.IPRules = "new@otter.example", []string{"api", "web"}, []string{" 2001:DB8::/32", "::ffff:10.0.0.0/104", ""}
	added := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Add, in).User
	if diff := cmp.Diff(ops.Entry{AccessPoints: []entry.Point{"WEB", "API"}, IPRules: []string{"10.0.0.0/8", "2001:db8::/32"}}, w.show(added.ID).Entry); diff != "" {
		t.Errorf("what is kept (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(w.show(added.ID), added); diff != "" {
		t.Errorf("the answer (-kept +got):\n%s", diff)
	}
}

// The test box is asked what decides: it and a sign-in never disagree.
func TestUsers_TestAddress(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Support"})
	who := w.somebody(w.otter, opstest.Member{})
	w.restrict(who, []string{"WEB", "ISPROXY"}, []string{"192.0.2.0/24", "192.0.2.64/26", "2001:db8::/32"})
	for _, c := range []struct {
		address, canonical, rule string
		rules                    *string
	}{
		{"192.0.2.7", "192.0.2.7", "192.0.2.0/24", nil},
		{" 192.0.2.65 ", "192.0.2.65", "192.0.2.64/26", nil},
		{"::ffff:192.0.2.7", "192.0.2.7", "192.0.2.0/24", nil},
		{"2001:0DB8::0007", "2001:db8::7", "2001:db8::/32", nil},
		{"203.0.113.9", "203.0.113.9", "", nil},
		{"203.0.113.9", "203.0.113.9", "203.0.113.9", new("10.0.0.0/8, 203.0.113.9")},
		{"192.0.2.7", "192.0.2.7", "", new("10.0.0.0/8")},
	} {
		got := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.TestAddress, ops.TestAddressInput{ID: who.ID, Address: c.address, Rules: c.rules})
		want := ops.AddressTest{Address: c.canonical, Allowed: c.rule != "", Rule: c.rule, AccessPoints: []ops.PointTest{{AccessPoint: "WEB", Allowed: true}, {AccessPoint: "API", Code: problem.PointRefused}, {AccessPoint: "ISPROXY", Allowed: true}}}
		if !want.Allowed {
			want.AccessPoints[0] = ops.PointTest{AccessPoint: "WEB", Code: problem.AddressRefused}
			want.AccessPoints[2] = ops.PointTest{AccessPoint: "ISPROXY", Code: problem.AddressRefused}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.address, diff)
		}
		if c.rules != nil {
			continue
		}
		signedIn := map[bool]string{true: "ok", false: string(problem.SignInFailed)}[got.Allowed]
		code(t, w.signsIn(who, opstest.From(got.Address)), problem.Code(signedIn))
	}
	if got := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.TestAddress, ops.TestAddressInput{ID: who.ID, Address: "203.0.113.9", Rules: new("")}); !got.Allowed || got.Rule != "" {
		t.Errorf("without rules: %+v", got)
	}
	_, err := opstest.Do(w.Place, admin.Caller(), w.Ops.Users.TestAddress, ops.TestAddressInput{ID: who.ID, Address: "192.0.2.0/24", Rules: new("10.0.0.0/8,nonsense")})
	if diff := cmp.Diff([]string{"address:bad_address", "rules[1]:bad_address"}, opstest.Violations(err)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// An activation lets nobody in by itself, and works from anywhere; the sign-in
// after it does not.
func TestEntry_activationFromAnywhere(t *testing.T) {
	w := newTown(t)
	in := w.colleague(w.Role(w.otter, "Support"))
	in.IPRules = []string{"10.0.0.0/8"}
	added := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, in)
	code(t, w.complete(tokenOf(t, added.Activation.Link), opstest.Password), "ok")
	who := &opstest.Person{}
	who.Login = added.User.Login
	code(t, w.signsIn(who, opstest.Somewhere), problem.SignInFailed)
	code(t, w.signsIn(who, opstest.From("10.1.2.3")), "ok")
}

// Whoever signs in while they are being shut out is in before or not at all.
func TestEntry_parallel(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true})
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			if got := opstest.CodeOf(w.signsIn(who, opstest.Somewhere)); got != "ok" && got != string(problem.SignInFailed) && got != string(problem.TooManyAttempts) {
				t.Errorf("a sign-in gives %s", got)
			}
		})
	}
	for _, ranges := range [][]string{{"10.0.0.0/8"}, {"10.0.0.0/8", "172.16.0.0/12"}} {
		all.Go(func() { w.restrict(who, nil, ranges) })
	}
	all.Wait()
	if n := w.Count(`SELECT COUNT(*) FROM sessions WHERE user_id = $1`, string(who.ID)); n != 0 {
		t.Errorf("%d sessions got past the change", n)
	}
}

// One's own page tells by which ways one comes, and from where one is there.
func TestEntry_own(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	w.restrict(who, []string{"WEB"}, []string{"192.0.2.0/24"})
	session := at(who.Caller(), opstest.From("::ffff:192.0.2.99"))
	if got := opstest.Must(w.Place, session, w.Ops.Session.Show, ops.None{}).Session.Address; got != "192.0.2.99" {
		t.Errorf("one comes from %q", got)
	}
	want := ops.Entry{AccessPoints: []entry.Point{"WEB"}, IPRules: []string{"192.0.2.0/24"}}
	if diff := cmp.Diff(want, opstest.Must(w.Place, session, w.Ops.Profile.Show, ops.None{}).User.Entry); diff != "" {
		t.Errorf("the profile (-want +got):\n%s", diff)
	}
	if got := opstest.Must(w.Place, at(who.Caller(), desk), w.Ops.Session.Show, ops.None{}).Session.Address; got != "" {
		t.Errorf("at the Desk one comes from %q", got)
	}
	// What is kept and cannot be read lets nobody in.
	w.Exec(`UPDATE users SET ip_rules = 'nonsense' WHERE id = $1`, string(who.ID))
	opstest.Refused(w.Place, session, w.Ops.Profile.Show, ops.None{}, problem.AddressRefused)
}
