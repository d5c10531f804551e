package ops_test

import (
	"fmt"
	"maps"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/delivery"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/mfa"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/vault"
)

// sample is an input of an operation that is right but for who asks: about
// something of the caller's own account, and about something of another's.
type sample struct {
	own     func(w *town, a asking) any
	foreign func(w *town, a asking) any // nil when the input names nothing
}

func only[In any](in In) sample { return sample{own: func(*town, asking) any { return in }} }

// elsewhere is an account that is not the caller's.
func (w *town) elsewhere(a asking) account.Account {
	if w.abroad != nil {
		return *w.abroad
	}
	if a.home.ID == w.otter.ID {
		return w.heron
	}
	return w.otter
}

func samples() map[string]sample {
	newUser := func(w *town, of account.Account) any {
		w.people++
		login := fmt.Sprintf("new%d", w.people)
		return ops.AddUserInput{Login: login, Name: "Somebody New", Email: login + "@new.example", Language: "en", Roles: []id.Role{w.Role(of, "Finance")}}
	}
	about := func(at func(*town, asking) account.Account) func(*town, asking) any {
		return func(w *town, a asking) any { return ops.UserID{ID: w.somebody(at(w, a), opstest.Member{}).ID} }
	}
	home := func(_ *town, a asking) account.Account { return a.home }
	begun := func(w *town, a asking) secret.Text {
		if a.who == nil || a.who.App.Reveal() != nil && len(a.who.App.Reveal()) > 0 {
			return secret.New("nothing-begun")
		}
		out, err := opstest.Do(w.Place, a.Caller, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{})
		if err != nil {
			return secret.New("nothing-begun")
		}
		a.who.App = appOf(w.T, out.AuthenticatorApp)
		return secret.New(out.Ceremony.Reveal())
	}
	colleague := func(m opstest.Member, in func(u id.User) any) sample {
		of := func(at func(*town, asking) account.Account) func(*town, asking) any {
			return func(w *town, a asking) any { return in(w.somebody(at(w, a), m).ID) }
		}
		return sample{own: of(home), foreign: of((*town).elsewhere)}
	}
	user := func(u id.User) any { return ops.UserID{ID: u} }
	// Another session of the caller's own, or of somebody else.
	session := func(of func(*town, asking) *opstest.Person) func(*town, asking) any {
		return func(w *town, a asking) any {
			who := of(w, a)
			if who == nil {
				return ops.SessionID{ID: "ses_none"}
			}
			return ops.SessionID{ID: w.sessionOf(who)}
		}
	}
	somebody := func(at func(*town, asking) account.Account) func(*town, asking) *opstest.Person {
		return func(w *town, a asking) *opstest.Person { return w.somebody(at(w, a), opstest.Member{}) }
	}
	waiting := func(at func(*town, asking) account.Account) func(*town, asking) any {
		return func(w *town, a asking) any { return ops.MessageID{ID: w.waiting(at(w, a))} }
	}
	failed := func(at func(*town, asking) account.Account) func(*town, asking) any {
		return func(w *town, a asking) any {
			m := w.waiting(at(w, a))
			w.Exec(`UPDATE outbox SET state = 'failed' WHERE id = $1`, string(m))
			return ops.MessageID{ID: m}
		}
	}
	customer := func(in func(id.Account) any) sample {
		return sample{own: func(w *town, _ asking) any { return in(w.customer()) }}
	}
	role := func(in func(r id.Role) any) sample {
		of := func(at func(*town, asking) account.Account) func(*town, asking) any {
			return func(w *town, a asking) any { return in(w.roleIn(at(w, a))) }
		}
		return sample{own: of(home), foreign: of((*town).elsewhere)}
	}
	// A key of the caller's own, or of an administrator of another account.
	key := func(in func(k id.Key) any) sample {
		of := func(who func(*town, asking) *opstest.Person) func(*town, asking) any {
			return func(w *town, a asking) any {
				k, _ := w.keyOf(who(w, a), nil)
				return in(k)
			}
		}
		own := func(w *town, a asking) *opstest.Person {
			if a.who != nil {
				return a.who
			}
			return w.somebody(a.home, opstest.Member{Role: "Admin"})
		}
		return sample{own: of(own), foreign: of(func(w *town, a asking) *opstest.Person {
			return w.somebody(w.elsewhere(a), opstest.Member{Role: "Tech"})
		})}
	}
	himself := func(_ *town, a asking) *opstest.Person { return a.who }
	all := map[string]sample{
		"installation.show":       only(ops.None{}),
		"installation.protection": only(ops.None{}),
		"setup.begin":             only(setupInput()),
		"setup.finish":            only(ops.ConfirmInput{}),
		"setup.console": only(ops.Founding{
			AccountHandle: "marsh", AccountName: "Marsh", AccountEmail: "office@marsh.example", Login: "mia", Name: "Mia Maes", Email: "mia@marsh.example", Language: "en",
		}),
		"activation.check": {own: func(w *town, _ asking) any { return ops.ActivationInput{Secret: w.invitation()} }},
		"activation.complete": {own: func(w *town, _ asking) any {
			return ops.CompleteInput{Secret: w.invitation(), Password: secret.New(opstest.Password)}
		}},
		"session.signIn": {own: func(w *town, _ asking) any {
			return ops.SignInInput{Login: string(w.somebody(w.otter, opstest.Member{NoFactor: true}).Login), Password: secret.New(opstest.Password)}
		}},
		"session.verify": {own: func(w *town, _ asking) any {
			who := w.somebody(w.otter, opstest.Member{})
			return ops.VerifyInput{Ceremony: w.askedForFactor(who), Code: who.Code()}
		}},
		"session.beginKey": {own: func(w *town, _ asking) any {
			who := w.somebody(w.otter, opstest.Member{})
			w.keyFor(who, "Blue key")
			return ops.AskKeyInput{Ceremony: w.askedForFactor(who)}
		}},
		"session.beginPasskey": only(ops.PortInput{}),
		"session.verifyPasskey": {own: func(w *town, _ asking) any {
			_, key := w.keyFor(w.somebody(w.otter, opstest.Member{}), "Blue key")
			begun := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.BeginPasskey, ops.PortInput{})
			return ops.PasskeyInput{Ceremony: again(begun.Ceremony), Credential: key.Sign(begun.Options, gateOrigin).JSON()}
		}},
		"session.beginStepUp": {own: func(w *town, a asking) any {
			if a.who != nil && len(a.who.App.Reveal()) > 0 {
				w.placeKey(a.who)
			}
			return ops.PortInput{}
		}},
		"session.show":    only(ops.None{}),
		"session.signOut": only(ops.None{}),
		"profile.show":    only(ops.None{}),
		"session.stepUp": {own: func(_ *town, a asking) any {
			if a.who == nil || len(a.who.App.Reveal()) == 0 {
				return ops.StepUpInput{Password: secret.New(opstest.Password), Code: secret.New("000000")}
			}
			return ops.StepUpInput{Code: a.who.Code()}
		}},
		"profile.update":           only(ops.UpdateProfileInput{Name: new("Somebody Else")}),
		"profile.changePassword":   only(ops.ChangePasswordInput{Current: secret.New(opstest.Password), Password: secret.New(opstest.Password + "!")}),
		"profile.activity":         only(ops.OwnActivity{}),
		"profile.sessions":         only(ops.OwnSessions{}),
		"profile.endSession":       {own: session(himself), foreign: session(somebody((*town).elsewhere))},
		"profile.endOtherSessions": only(ops.None{}),
		"secondFactors.beginApp":   only(ops.BeginAppInput{}),
		"secondFactors.removeApp": {
			own: func(w *town, a asking) any { return ops.AppID{ID: w.secondAppOf(a.who)} },
			foreign: func(w *town, a asking) any {
				return ops.AppID{ID: w.secondAppOf(w.somebody(w.elsewhere(a), opstest.Member{}))}
			},
		},
		"secondFactors.beginKey": only(ops.BeginKeyInput{Name: "Blue key"}),
		"secondFactors.askKey": {
			own: func(w *town, a asking) any { return ops.AskKeyInput{Ceremony: w.keyBegun(a)} },
			foreign: func(w *town, a asking) any {
				return ops.AskKeyInput{Ceremony: w.keyBegun(w.another(a))}
			},
		},
		"secondFactors.confirmKey": {
			own:     func(w *town, a asking) any { return w.keyAnswered(a) },
			foreign: func(w *town, a asking) any { return w.keyAnswered(w.another(a)) },
		},
		"secondFactors.renameKey": {
			own: func(w *town, a asking) any { return ops.RenameKeyInput{ID: w.placeKey(a.who), Name: "Red key"} },
			foreign: func(w *town, a asking) any {
				return ops.RenameKeyInput{ID: w.placeKey(w.somebody(w.elsewhere(a), opstest.Member{})), Name: "Red key"}
			},
		},
		"secondFactors.removeKey": {
			own: func(w *town, a asking) any { return ops.SecurityKeyID{ID: w.placeKey(a.who)} },
			foreign: func(w *town, a asking) any {
				return ops.SecurityKeyID{ID: w.placeKey(w.somebody(w.elsewhere(a), opstest.Member{}))}
			},
		},
		"secondFactors.disable":    only(ops.None{}),
		"secondFactors.beginCodes": only(ops.None{}),
		"secondFactors.confirmCodes": {own: func(w *town, a asking) any {
			out, err := opstest.Do(w.Place, a.Caller, w.Ops.SecondFactors.BeginCodes, ops.None{})
			if err != nil {
				return ops.CeremonyInput{Ceremony: secret.New("nothing-begun")}
			}
			return ops.CeremonyInput{Ceremony: again(out.Ceremony)}
		}},
		"secondFactors.confirmApp": {
			own: func(w *town, a asking) any {
				c := begun(w, a)
				if a.who == nil || c.Reveal() == "nothing-begun" {
					return ops.ConfirmInput{Ceremony: c, Code: secret.New("000000")}
				}
				return ops.ConfirmInput{Ceremony: c, Code: a.who.Code()}
			},
			foreign: func(w *town, a asking) any {
				other := w.somebody(w.elsewhere(a), opstest.Member{NoFactor: true})
				c := begun(w, asking{other.Caller(), w.elsewhere(a), other})
				return ops.ConfirmInput{Ceremony: c, Code: other.Code()}
			},
		},
		"users.list": only(ops.UserList{}),
		"users.show": {own: about(home), foreign: about((*town).elsewhere)},
		"users.add": {
			own:     func(w *town, a asking) any { return newUser(w, a.home) },
			foreign: func(w *town, a asking) any { return newUser(w, w.elsewhere(a)) },
		},
		"users.update":             colleague(opstest.Member{Role: "Finance"}, func(u id.User) any { return ops.UpdateUserInput{ID: u, Name: new("Somebody Else")} }),
		"users.deactivate":         colleague(opstest.Member{}, user),
		"users.reactivate":         colleague(opstest.Member{State: "deactivated"}, user),
		"users.delete":             colleague(opstest.Member{}, user),
		"users.reissue":            colleague(opstest.Member{State: "invited"}, func(u id.User) any { return ops.ReissueInput{ID: u} }),
		"users.resetSecondFactors": colleague(opstest.Member{}, func(u id.User) any { return ops.ResetInput{ID: u, Reason: "Lost the phone."} }),
		"users.reopenApiPassword": {
			own: func(w *town, a asking) any { return ops.ReopenInput{ID: w.shutOut(a.home).ID, Reason: "Old program."} },
			foreign: func(w *town, a asking) any {
				return ops.ReopenInput{ID: w.shutOut(w.elsewhere(a)).ID, Reason: "Old program."}
			},
		},
		"users.testAddress": colleague(opstest.Member{}, func(u id.User) any { return ops.TestAddressInput{ID: u, Address: "192.0.2.7"} }),
		"serviceUsers.add": {
			own: func(w *town, a asking) any { return w.newService(a.home, w.somebody(a.home, opstest.Member{})) },
			foreign: func(w *town, a asking) any {
				return w.newService(w.elsewhere(a), w.somebody(w.elsewhere(a), opstest.Member{}))
			},
		},
		"serviceUsers.update": {
			own: func(w *town, a asking) any {
				return ops.UpdateServiceUserInput{ID: w.service(a.home, w.somebody(a.home, opstest.Member{})).ID, Name: new("Another name")}
			},
			foreign: func(w *town, a asking) any {
				return ops.UpdateServiceUserInput{ID: w.service(w.elsewhere(a), w.somebody(w.elsewhere(a), opstest.Member{})).ID, Name: new("Another name")}
			},
		},
		"serviceUsers.handOver": {
			own: func(w *town, a asking) any {
				leaver := w.somebody(a.home, opstest.Member{})
				w.service(a.home, leaver)
				return ops.HandOverServiceUsersInput{ID: leaver.ID, Owner: w.somebody(a.home, opstest.Member{}).ID}
			},
			foreign: func(w *town, a asking) any {
				leaver := w.somebody(w.elsewhere(a), opstest.Member{})
				w.service(w.elsewhere(a), leaver)
				return ops.HandOverServiceUsersInput{ID: leaver.ID, Owner: w.somebody(w.elsewhere(a), opstest.Member{}).ID}
			},
		},
		"sessions.list": {own: func(w *town, a asking) any {
			w.somebody(a.home, opstest.Member{}).Caller()
			return ops.SessionList{}
		}, foreign: func(w *town, a asking) any {
			return ops.SessionList{User: w.somebody(w.elsewhere(a), opstest.Member{}).ID}
		}},
		"sessions.end":     {own: session(somebody(home)), foreign: session(somebody((*town).elsewhere))},
		"sessions.endAll":  colleague(opstest.Member{}, user),
		"permissions.list": only(ops.PermissionList{}),
		"settings.show":    only(ops.None{}),
		"settings.update":  only(ops.UpdateSettingsInput{PublicURL: new("https://other.example")}),
		"roles.list":       only(ops.RoleList{}),

		"delivery.show":       only(ops.None{}),
		"delivery.updateMail": only(ops.UpdateMailInput{Host: new("localhost"), Port: new(2525), Security: new(delivery.Plain), From: new("gate@harbour.example")}),
		"delivery.updateSms":  only(ops.UpdateSMSInput{URL: new("http://localhost:1/{to}"), Body: new(`{"text":"{text}"}`)}),
		"delivery.testMail": {own: func(w *town, _ asking) any {
			w.mailTo(1) // nobody listens there, and the answer says so
			return ops.TestInput{To: "anna@harbour.example"}
		}},
		"delivery.testSms": {own: func(w *town, _ asking) any {
			w.textTo("http://127.0.0.1:1")
			return ops.TestInput{To: "+32 470 12 34 56"}
		}},
		"templates.list":    only(ops.TemplateList{}),
		"templates.show":    only(ops.TemplateID{Kind: delivery.Activation, Language: "en"}),
		"templates.update":  only(ops.TemplateInput{Kind: delivery.Activation, Language: "de", Subject: "Ihr Zugang", Text: "{link}"}),
		"templates.preview": only(ops.TemplateInput{Kind: delivery.Activation, Language: "en", Subject: "Your access", Text: "{link}"}),
		"templates.reset":   only(ops.TemplateID{Kind: delivery.Activation, Language: "de"}),
		"outbox.list": {own: func(w *town, a asking) any {
			w.waiting(a.home)
			return ops.OutboxList{}
		}},
		"outbox.retry":  {own: failed(home), foreign: failed((*town).elsewhere)},
		"outbox.cancel": {own: waiting(home), foreign: waiting((*town).elsewhere)},
		"keys.tell": {own: func(w *town, a asking) any {
			w.ends(a.home)
			return ops.None{}
		}},
		"outbox.next": only(ops.None{}),
		"outbox.take": {own: func(w *town, a asking) any {
			w.waiting(a.home)
			return ops.None{}
		}},
		"outbox.settle":    {own: func(w *town, a asking) any { return w.taken(a.home) }},
		"password.enter":   only(ops.EnterInput{Account: "otter", Login: "tom", Password: secret.New("wrong")}),
		"account.show":     only(ops.None{}),
		"breakGlass.show":  only(ops.None{}),
		"breakGlass.begin": only(ops.BeginBreakGlassInput{People: 3, Needed: 2}),
		"breakGlass.confirm": {own: func(w *town, a asking) any {
			out, err := opstest.Do(w.Place, a.Caller, w.Ops.BreakGlass.Begin, ops.BeginBreakGlassInput{People: 3, Needed: 2})
			if err != nil {
				return ops.CeremonyInput{Ceremony: secret.New("nothing-begun")}
			}
			return ops.CeremonyInput{Ceremony: again(out.Ceremony)}
		}},
		"breakGlass.switchOff": only(ops.None{}),
		"session.breakGlass": {own: func(w *town, _ asking) any {
			who, codes := w.glassed()
			return ops.BreakGlassInput{Login: string(who.Login), Password: secret.New(opstest.Password), Codes: codes[:2]}
		}},
		"coverage.show":     only(ops.None{}),
		"coverage.list":     only(ops.CoverageList{}),
		"accounts.coverage": only(ops.AccountList{}),
		"account.update":    only(ops.UpdateAccountInput{Name: new("Another Name")}),
		"accounts.list":     only(ops.AccountList{}),
		"accounts.show":     customer(func(a id.Account) any { return ops.AccountID{ID: a} }),
		"accounts.open":     {own: func(w *town, _ asking) any { return w.newCustomer() }},
		"accounts.update":   customer(func(a id.Account) any { return ops.UpdateCustomerInput{ID: a, Name: new("Another Name")} }),
		"accounts.suspend":  customer(func(a id.Account) any { return ops.AccountReason{ID: a, Reason: "Has not paid."} }),
		"accounts.reopen": {own: func(w *town, _ asking) any {
			a := w.customer()
			w.Exec(`UPDATE accounts SET state = 'suspended' WHERE id = $1`, string(a))
			return ops.AccountID{ID: a}
		}},
		"accounts.close": customer(func(a id.Account) any { return ops.AccountReason{ID: a, Reason: "Gave up the business."} }),
		"accounts.handOverAdmin": customer(func(a id.Account) any {
			return ops.HandOverInput{ID: a, Name: "Nora Nieuw", Email: "nora@next.example"}
		}),
		"accounts.reissueAdmin": customer(func(a id.Account) any { return ops.ReissueAdminInput{ID: a} }),
		"upstreams.show":        only(ops.None{}),
		"upstreams.set":         only(ops.SetUpstreamInput{Credential: secret.New("q7Zk+T1vX0/9mQ4bN8cL2pRw5sYd6uHf3gJaEoViK1M=")}),
		"upstreams.remove": {own: func(w *town, a asking) any {
			w.credentialOf(a.home)
			return ops.None{}
		}},
		"upstreams.try": {own: func(w *town, a asking) any {
			w.credentialOf(a.home)
			return ops.None{}
		}},
		"gate.show":       only(ops.None{}),
		"gate.update":     only(ops.UpdateGateInput{ByItself: new(true)}),
		"gate.open":       only(ops.None{}),
		"gate.close":      only(ops.None{}),
		"gate.plan":       only(ops.None{}),
		"upstreams.use":   {own: func(_ *town, a asking) any { return ops.GatewayAccount{Account: a.home.ID} }},
		"gateway.forward": {own: func(w *town, a asking) any { return w.callOf(a.home) }},
		"gateway.settle":  {own: func(w *town, a asking) any { return ops.GatewayAnswer{Call: w.callOf(a.home), Status: 200} }},
		"gateway.tidy": {own: func(w *town, a asking) any {
			opstest.Must(w.Place, gate(), w.Ops.Gateway.Forward, w.callOf(a.home))
			w.Exec(`UPDATE gateway_calls SET until = 0`)
			return ops.GatewayHolder{Holder: "another process"}
		}},
		"keys.list":   only(ops.KeyList{}),
		"keys.show":   key(func(k id.Key) any { return ops.KeyID{ID: k} }),
		"keys.update": key(func(k id.Key) any { return ops.UpdateKeyInput{ID: k, Description: new("Renamed")} }),
		"keys.rotate": key(func(k id.Key) any { return ops.RotateKeyInput{ID: k} }),
		"keys.cut":    key(func(k id.Key) any { return ops.KeyID{ID: k} }),
		"keys.delete": key(func(k id.Key) any { return ops.KeyID{ID: k} }),
		"keys.try":    key(func(k id.Key) any { return ops.TryKeyInput{ID: k, Channel: "API", Address: "192.0.2.1"} }),
		"keys.create": {
			own: func(w *town, a asking) any {
				in := newKey("VIEW_DOMAIN")
				if a.who == nil {
					in.User = w.somebody(a.home, opstest.Member{Role: "Support"}).ID
				}
				return in
			},
			foreign: func(w *town, a asking) any {
				in := newKey("VIEW_DOMAIN")
				in.User = w.somebody(w.elsewhere(a), opstest.Member{Role: "Support"}).ID
				return in
			},
		},
		"roles.show": role(func(r id.Role) any { return ops.RoleID{ID: r} }),
		"roles.create": {
			own: func(w *town, _ asking) any {
				w.people++
				return ops.CreateRoleInput{Name: fmt.Sprint("Made ", w.people)}
			},
			foreign: func(w *town, a asking) any {
				w.people++
				return ops.CreateRoleInput{Name: fmt.Sprint("Made ", w.people), CopyOf: w.roleIn(w.elsewhere(a))}
			},
		},
		"roles.update":  role(func(r id.Role) any { return ops.UpdateRoleInput{ID: r, Description: new("Another text.")} }),
		"roles.delete":  role(func(r id.Role) any { return ops.RoleID{ID: r} }),
		"roles.preview": role(func(r id.Role) any { return ops.PreviewRoleInput{ID: r, Permissions: []access.Permission{"VIEW_USER"}} }),
		"profile.notices": {own: func(w *town, a asking) any {
			w.told(a.who)
			return ops.NoticeList{}
		}},
		"profile.readNotices": {
			own: func(w *town, a asking) any { return ops.ReadNoticesInput{IDs: w.told(a.who)} },
			foreign: func(w *town, a asking) any {
				return ops.ReadNoticesInput{IDs: w.told(w.somebody(w.elsewhere(a), opstest.Member{}))}
			},
		},
		"password.forgot": {own: func(w *town, _ asking) any {
			w.mailTo(1)
			return ops.ForgotInput{Login: string(w.somebody(w.otter, opstest.Member{}).Login)}
		}},
		"activation.resend": {own: func(w *town, _ asking) any {
			w.mailTo(1)
			return ops.ActivationInput{Secret: w.expired()}
		}},
		"activity.list": {
			own: func(w *town, a asking) any {
				w.somethingHappens(a.home)
				return ops.ActivityList{}
			},
			foreign: func(w *town, a asking) any {
				return ops.ActivityList{Object: listing.Filter(w.somethingHappens(w.elsewhere(a)))}
			},
		},
	}
	maps.Copy(all, helpSamples(home))
	return all
}

// newCustomer is an account to open.
func (w *town) newCustomer() ops.OpenAccountInput {
	w.people++
	name := fmt.Sprintf("customer%d", w.people)
	return ops.OpenAccountInput{
		Handle: name, Name: "Customer Names", Email: "office@" + name + ".example",
		AdminLogin: "admin." + name, AdminName: "Ada Admin", AdminEmail: "ada@" + name + ".example", AdminLanguage: "en",
	}
}

// customer opens an account.
func (w *town) customer() id.Account {
	w.T.Helper()
	return opstest.Must(w.Place, opstest.Console(""), w.Ops.Accounts.Open, w.newCustomer()).Account.ID
}

// roleIn makes a role that nobody has.
func (w *town) roleIn(a account.Account) id.Role {
	w.T.Helper()
	w.people++
	r := access.Role{ID: id.NewRole(), Account: a.ID, Name: fmt.Sprint("Spare ", w.people), Permissions: []access.Permission{"VIEW_PROCESS"}}
	w.Write(func(tx store.WriteTx) error { return tx.AddRole(r) })
	return r.ID
}

// sessionOf opens a session and gives its id.
func (w *town) sessionOf(who *opstest.Person) (s id.Session) {
	w.T.Helper()
	token := who.Token()
	w.Read(func(tx store.ReadTx) error {
		b, err := tx.SessionByToken(token.Digest(w.Vault))
		s = b.Session.ID
		return err
	})
	return s
}

// secondAppOf switches on another app and gives its id.
func (w *town) secondAppOf(who *opstest.Person) id.AuthenticatorApp {
	w.T.Helper()
	app := id.NewAuthenticatorApp()
	if who != nil && len(who.App.Reveal()) > 0 {
		key := w.Vault.Seal(vault.Place{Table: "authenticator_apps", Column: "secret", Row: string(app)}, mfa.NewAppSecret().Reveal())
		w.Write(func(tx store.WriteTx) error {
			return tx.AddAuthenticatorApp(who.Ref, store.AuthenticatorApp{ID: app, Name: "Tablet", Secret: key})
		})
	}
	return app
}

// somethingHappens leaves a record in an account's log and gives its object.
func (w *town) somethingHappens(in account.Account) string {
	w.T.Helper()
	w.people++
	login := fmt.Sprintf("busy%d", w.people)
	out := opstest.Must(w.Place, opstest.Console(in.Handle), w.Ops.Users.Add, ops.AddUserInput{
		Login: login, Name: "Busy Bee", Email: login + "@bee.example", Language: "en", Roles: []id.Role{w.Role(in, "Support")},
	})
	return string(out.User.ID)
}
