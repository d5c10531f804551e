package ops_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"testing"

	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	keytest "gatehouse/internal/securitykey/securitykeytest"
)

// other is a challenge, or an id, that is nobody's.
func other(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// flipped is b with one bit changed.
func flipped(at int) func([]byte) []byte {
	return func(b []byte) []byte {
		if at < 0 {
			at = len(b) - 1
		}
		b[at] ^= 1
		return b
	}
}

func response(outer map[string]any) map[string]any { return outer["response"].(map[string]any) }

// ofClient are the changes to what the browser says that it was asked. They are
// the same for both steps, and the key signs every one of them.
func ofClient() map[string]func(*keytest.Answer) {
	set := func(name string, value any) func(*keytest.Answer) {
		return func(a *keytest.Answer) { a.Client.Set(name, value) }
	}
	return map[string]func(*keytest.Answer){
		"no type":                      func(a *keytest.Answer) { a.Client.Drop("type") },
		"type of nothing we know":      set("type", "payment.get"),
		"no challenge":                 func(a *keytest.Answer) { a.Client.Drop("challenge") },
		"empty challenge":              set("challenge", ""),
		"another challenge":            set("challenge", keytest.Text(other(32))),
		"challenge that is no text":    set("challenge", 7),
		"challenge with padding":       func(a *keytest.Answer) { a.Client.Set("challenge", a.Client[1].Value.(string)+"=") },
		"no origin":                    func(a *keytest.Answer) { a.Client.Drop("origin") },
		"another host":                 set("origin", "https://gate.example.evil.example"),
		"a host below":                 set("origin", "https://evil.gate.example"),
		"a host above":                 set("origin", "https://example"),
		"plain HTTP":                   set("origin", "http://gate.example"),
		"another port":                 set("origin", "https://gate.example:8443"),
		"the usual port, written out":  set("origin", "https://gate.example:443"),
		"origin with a path":           set("origin", "https://gate.example/"),
		"origin with a query":          set("origin", "https://gate.example?x"),
		"origin with a person":         set("origin", "https://evil@gate.example"),
		"origin in capitals":           set("origin", "HTTPS://GATE.EXAMPLE"),
		"origin with a dot at its end": set("origin", "https://gate.example."),
		"origin of the Desk":           set("origin", deskOrigin),
		"origin of a webview":          set("origin", "wails://wails"),
		"no origin at all":             set("origin", "null"),
		"two origins": func(a *keytest.Answer) {
			a.Client.Set("origin", "https://evil.example")
			a.Client.Add("origin", gateOrigin)
		},
		"origin in other letters, too": func(a *keytest.Answer) {
			a.Client.Set("origin", "https://evil.example")
			a.Client.Add("Origin", gateOrigin)
		},
		"challenge in other letters": func(a *keytest.Answer) { a.Client.Add("Challenge", a.Client[1].Value); a.Client.Drop("challenge") },
		"a page in a frame":          set("crossOrigin", true),
		"no word whether in a frame": set("crossOrigin", nil),
		"a page in a frame of ours":  func(a *keytest.Answer) { a.Client.Set("crossOrigin", true); a.Client.Add("topOrigin", gateOrigin) },
		"a page in somebody's frame": func(a *keytest.Answer) {
			a.Client.Set("crossOrigin", true)
			a.Client.Add("topOrigin", "https://evil.example")
		},
		"a top origin without a frame":      set("topOrigin", gateOrigin),
		"a token binding that is not known": set("tokenBinding", map[string]any{"status": "maybe"}),
		"client data that goes on":          func(a *keytest.Answer) { a.ClientBytes = func(b []byte) []byte { return append(b, '{', '}') } },
		"client data that is cut short":     func(a *keytest.Answer) { a.ClientBytes = func(b []byte) []byte { return b[:len(b)-1] } },
		"client data that is a list": func(a *keytest.Answer) {
			a.ClientBytes = func(b []byte) []byte { return []byte("[" + string(b) + "]") }
		},
		"client data without end": set("x", strings.Repeat("x", 9<<10)),
		"client data after it was signed": func(a *keytest.Answer) {
			a.Outer = func(o map[string]any) {
				text := response(o)["clientDataJSON"].(string)
				response(o)["clientDataJSON"] = text[:len(text)-4] + "AAAA"
			}
		},

		"another site":           func(a *keytest.Answer) { a.Auth.Hash = sha256.Sum256([]byte("evil.example")) },
		"the Desk's site":        func(a *keytest.Answer) { a.Auth.Hash = sha256.Sum256([]byte(deskSite)) },
		"a site of zeros":        func(a *keytest.Answer) { a.Auth.Hash = [32]byte{} },
		"nobody touched it":      func(a *keytest.Answer) { a.Auth.Flags &^= keytest.Present },
		"backed up, and cannot":  func(a *keytest.Answer) { a.Auth.Flags |= keytest.BackedUp },
		"extensions, and none":   func(a *keytest.Answer) { a.Auth.Flags |= 0x80 },
		"something after":        func(a *keytest.Answer) { a.Auth.Rest = []byte{0xa0} },
		"cut short":              func(a *keytest.Answer) { a.AuthBytes = func(b []byte) []byte { return b[:36] } },
		"empty":                  func(a *keytest.Answer) { a.AuthBytes = func([]byte) []byte { return nil } },
		"type is not public-key": outer("type", "password"),
		"no kind":                outer("type", ""),
		"no id":                  outer("id", ""),
		"no raw id":              func(a *keytest.Answer) { a.Outer = func(o map[string]any) { delete(o, "rawId") } },
		"two ids":                outer("rawId", keytest.Text(other(32))),
		"id that is no base64":   outer("id", "%%%"),
		"another id": func(a *keytest.Answer) {
			id := keytest.Text(other(32))
			a.Outer = func(o map[string]any) { o["id"], o["rawId"] = id, id }
		},
		"no response":        outer("response", nil),
		"response is a text": outer("response", "yes"),
		"far too long":       outer("authenticatorAttachment", strings.Repeat("x", 70<<10)),
	}
}

func outer(name string, value any) func(*keytest.Answer) {
	return func(a *keytest.Answer) { a.Outer = func(o map[string]any) { o[name] = value } }
}

// One change at a time to the answer of a new key: nothing is registered, and
// nothing else happens.
func TestSecurityKeys_registrations(t *testing.T) {
	cases := ofClient()
	with := func(name string, f func(*keytest.Answer)) { cases[name] = f }
	public := func(change map[int]any) func(*keytest.Answer) {
		return func(a *keytest.Answer) {
			key := map[int]any{1: 2, 3: keytest.ES256, -1: 1, -2: a.Auth.Public[10:42], -3: a.Auth.Public[45:77]}
			for n, v := range change {
				key[n] = v
			}
			a.Auth.Public = keytest.Encode(key)
		}
	}
	with("type of a sign-in", func(a *keytest.Answer) { a.Client.Set("type", "webauthn.get") })
	with("no credential", func(a *keytest.Answer) { a.Auth.Flags &^= keytest.Attested })
	with("no credential, and none there", func(a *keytest.Answer) {
		a.Auth.Flags &^= keytest.Attested
		a.AuthBytes = func(b []byte) []byte { return b[:37] }
	})
	with("credential cut short", func(a *keytest.Answer) { a.AuthBytes = func(b []byte) []byte { return b[:len(b)-9] } })
	with("algorithm that was not asked for", public(map[int]any{3: -35}))
	with("algorithm of another kind of key", public(map[int]any{3: keytest.EdDSA}))
	with("kind of key of another algorithm", public(map[int]any{1: 3}))
	with("another curve", public(map[int]any{-1: 2}))
	with("no curve", public(map[int]any{-1: nil}))
	with("point that is on no curve", public(map[int]any{-3: other(32)}))
	with("point of zeros", public(map[int]any{-2: make([]byte, 32), -3: make([]byte, 32)}))
	with("short point", public(map[int]any{-2: other(31)}))
	with("short RSA key", func(a *keytest.Answer) {
		a.Auth.Public = keytest.Encode(map[int]any{1: 3, 3: keytest.RS256, -1: append([]byte{0x81}, other(127)...), -2: []byte{1, 0, 1}})
	})
	with("endless RSA key", func(a *keytest.Answer) {
		a.Auth.Public = keytest.Encode(map[int]any{1: 3, 3: keytest.RS256, -1: append([]byte{0x81}, other(4095)...), -2: []byte{1, 0, 1}})
	})
	with("key that is no map", func(a *keytest.Answer) { a.Auth.Public = keytest.Encode("key") })
	with("empty id", func(a *keytest.Answer) { a.Auth.ID, a.Key.ID = nil, nil })
	with("short id", func(a *keytest.Answer) { a.Key.ID = other(15); a.Auth.ID = a.Key.ID })
	with("endless id", func(a *keytest.Answer) { a.Key.ID = other(1024); a.Auth.ID = a.Key.ID })
	with("id that the key did not make", func(a *keytest.Answer) { a.Auth.ID = other(32) })
	with("object cut short", func(a *keytest.Answer) { a.Object = func(b []byte) []byte { return b[:len(b)-1] } })
	with("object that goes on", func(a *keytest.Answer) { a.Object = func(b []byte) []byte { return append(b, 0) } })
	with("object without end", func(a *keytest.Answer) { a.Object = func([]byte) []byte { return []byte{0xbf} } })
	with("object nested without end", func(a *keytest.Answer) { a.Object = func([]byte) []byte { return bytes.Repeat([]byte{0x81}, 10_000) } })
	with("no object", func(a *keytest.Answer) { a.Object = func([]byte) []byte { return nil } })
	with("no attestation, and a statement", func(a *keytest.Answer) {
		a.Object = func(b []byte) []byte {
			return bytes.Replace(b, append([]byte{0x67}, "attStmt\xa0"...), append([]byte{0x67}, "attStmt\xa1\x61x\x01"...), 1)
		}
	})
	with("attestation of no kind we know", func(a *keytest.Answer) {
		a.Object = func(b []byte) []byte { return bytes.Replace(b, []byte("\x64none"), []byte("\x64nine"), 1) }
	})
	with("attestation: one bit", func(a *keytest.Answer) { a.Self, a.Signature = true, flipped(-1) })
	with("attestation: empty", func(a *keytest.Answer) { a.Self, a.Signature = true, func([]byte) []byte { return nil } })
	with("attestation by another key", func(a *keytest.Answer) {
		a.Self, a.Key = true, &keytest.Key{ID: a.Key.ID, Alg: a.Key.Alg}
		*a.Key = *keytest.New(keytest.ES256, []byte(`{}`), "").Key
		a.Key.ID = a.Auth.ID
	})
	w := newTown(t)
	if len(cases) < 60 {
		t.Errorf("only %d changes", len(cases))
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			w.T = t
			who := w.somebody(w.otter, opstest.Member{Role: "Support"})
			c := who.Caller()
			r := w.asksForKey(c, "Blue key")
			answer := keytest.New(keytest.ES256, r.options, gateOrigin)
			change(answer)
			_, err := w.confirmKey(c, r, answer.JSON())
			code(t, err, problem.SecurityKeyRefused)
			if got, want := opstest.Brief(w.LastRecord()), "mfa.key_enabled refused security_key_refused by user "+who.Name; got != want {
				t.Errorf("the log says %q, want %q", got, want)
			}
			if n := w.Count(`SELECT COUNT(*) FROM security_keys WHERE user_id = $1`, string(who.ID)); n != 0 {
				t.Fatal("it is registered")
			}
			// The challenge is gone, and with another one the rest is as it was.
			_, err = w.confirmKey(c, r, keytest.New(keytest.ES256, r.options, gateOrigin).JSON())
			code(t, err, problem.CeremonyOver)
			r.options = opstest.Must(w.Place, c, w.Ops.SecondFactors.AskKey, ops.AskKeyInput{Ceremony: r.ceremony}).Options
			_, err = w.confirmKey(c, r, keytest.New(keytest.ES256, r.options, gateOrigin).JSON())
			code(t, err, "ok")
		})
	}
}

// One change at a time to the answer of a key that is registered: nobody is in.
func TestSecurityKeys_answers(t *testing.T) {
	type answer func(w *town, who *opstest.Person, a *keytest.Answer)
	cases := map[string]answer{}
	for name, change := range ofClient() {
		cases[name] = func(_ *town, _ *opstest.Person, a *keytest.Answer) { change(a) }
	}
	with := func(name string, f answer) { cases[name] = f }
	plain := func(name string, f func(a *keytest.Answer)) {
		cases[name] = func(_ *town, _ *opstest.Person, a *keytest.Answer) { f(a) }
	}
	plain("type of a registration", func(a *keytest.Answer) { a.Client.Set("type", "webauthn.create") })
	plain("can be backed up, of a sudden", func(a *keytest.Answer) { a.Auth.Flags |= keytest.Eligible })
	plain("is backed up, of a sudden", func(a *keytest.Answer) { a.Auth.Flags |= keytest.Eligible | keytest.BackedUp })
	plain("a credential, and none there", func(a *keytest.Answer) { a.Auth.Flags |= keytest.Attested })
	plain("signature: first bit", func(a *keytest.Answer) { a.Signature = flipped(0) })
	plain("signature: last bit", func(a *keytest.Answer) { a.Signature = flipped(-1) })
	plain("signature: empty", func(a *keytest.Answer) { a.Signature = func([]byte) []byte { return nil } })
	plain("signature: of zeros", func(a *keytest.Answer) {
		a.Signature = func([]byte) []byte { return []byte{0x30, 6, 2, 1, 0, 2, 1, 0} }
	})
	plain("signature: goes on", func(a *keytest.Answer) { a.Signature = func(b []byte) []byte { return append(b, 0) } })
	plain("counter after it was signed", func(a *keytest.Answer) {
		a.Outer = func(o map[string]any) { response(o)["authenticatorData"] = keytest.Text(changedCount(a)) }
	})
	plain("another key with its id", func(a *keytest.Answer) {
		id := a.Key.ID
		*a.Key = *keytest.New(keytest.ES256, []byte(`{}`), "").Key
		a.Key.ID = id
	})
	plain("user handle of nobody", func(a *keytest.Answer) { a.Handle = []byte("usr_nobody") })
	with("user handle of somebody else", func(w *town, _ *opstest.Person, a *keytest.Answer) {
		a.Handle = []byte(w.somebody(w.otter, opstest.Member{}).ID)
	})
	with("key of somebody else", func(w *town, _ *opstest.Person, a *keytest.Answer) {
		_, key := w.keyFor(w.somebody(w.otter, opstest.Member{}), "Red key")
		a.Key, a.Handle = key, nil
	})
	with("key of somebody else, with this handle", func(w *town, who *opstest.Person, a *keytest.Answer) {
		_, key := w.keyFor(w.somebody(w.otter, opstest.Member{}), "Red key")
		a.Key, a.Handle = key, []byte(who.ID)
	})
	with("key of one's own, of another site", func(w *town, who *opstest.Person, a *keytest.Answer) {
		_, a.Key = w.deskKeyFor(who, "Desk key")
	})
	with("key that was not there when it was asked", func(w *town, who *opstest.Person, a *keytest.Answer) {
		_, key := w.keyFor(who, "New key")
		key.Count = 9
		a.Key, a.Auth.Count = key, 10
	})
	with("key that was removed meanwhile", func(w *town, who *opstest.Person, _ *keytest.Answer) {
		w.Exec(`DELETE FROM security_keys WHERE user_id = $1`, string(who.ID))
	})
	if len(cases) < 60 {
		t.Errorf("only %d changes", len(cases))
	}
	w := newTown(t)
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			w.T = t
			who := w.somebody(w.otter, opstest.Member{})
			_, key := w.keyFor(who, "Blue key")
			w.Exec(`DELETE FROM throttles`) // of the address that all come from
			ceremony, options := w.waitsForKey(who, opstest.Somewhere)
			a := key.Sign(options, gateOrigin)
			change(w, who, a)
			before := w.Count(`SELECT COUNT(*) FROM sessions WHERE user_id = $1`, string(who.ID))
			_, err := w.tap(opstest.Somewhere, ceremony, a.JSON())
			code(t, err, problem.SecurityKeyRefused)
			if got := w.Count(`SELECT COUNT(*) FROM sessions WHERE user_id = $1`, string(who.ID)); got != before {
				t.Fatal("somebody is in")
			}
			if n := w.Count(`SELECT failures FROM throttles WHERE subject = $1`, "factor:"+string(who.ID)); n != 1 {
				t.Errorf("%d wrong guesses are counted", n)
			}
			// The challenge is gone; the sign-in goes on.
			_, err = w.tap(opstest.Somewhere, ceremony, key.Sign(options, gateOrigin).JSON())
			code(t, err, problem.CeremonyOver)
			if _, err := w.verify(ceremony, ops.VerifyInput{Code: who.Code()}); err != nil {
				t.Errorf("by app, after that: %v", err)
			}
		})
	}
}

func changedCount(a *keytest.Answer) []byte {
	b := append(a.Auth.Hash[:], a.Auth.Flags)
	return append(b, 0, 0, 1, 0)
}

// What an answer may differ in, and is right.
func TestSecurityKeys_answersThatAreRight(t *testing.T) {
	for name, change := range map[string]func(*keytest.Answer){
		"unchanged":           func(*keytest.Answer) {},
		"not verified":        func(a *keytest.Answer) { a.Auth.Flags &^= keytest.Verified },
		"no user handle":      func(a *keytest.Answer) { a.Handle = nil },
		"no word of frames":   func(a *keytest.Answer) { a.Client.Drop("crossOrigin") },
		"more in client data": func(a *keytest.Answer) { a.Client.Add("new_keys_may_be_added_here", "do not compare") },
		"more of extensions": func(a *keytest.Answer) {
			a.Outer = func(o map[string]any) {
				o["clientExtensionResults"] = map[string]any{"credProps": map[string]any{}, "x": 1}
			}
		},
		"far ahead": func(a *keytest.Answer) { a.Auth.Count = 4_000_000_000 },
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{})
			_, key := w.keyFor(who, "Blue key")
			ceremony, options := w.waitsForKey(who, opstest.Somewhere)
			a := key.Sign(options, gateOrigin)
			change(a)
			_, err := w.tap(opstest.Somewhere, ceremony, a.JSON())
			code(t, err, "ok")
		})
	}
}
