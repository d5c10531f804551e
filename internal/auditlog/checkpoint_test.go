package auditlog_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"gatehouse/internal/auditlog"
)

const origin = "gatehouse/ins_test"

func key(t testing.TB, name string) (note.Signer, note.Verifier) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

func point() auditlog.Checkpoint {
	return auditlog.Checkpoint{
		Origin: origin, Size: 250, Root: tlog.RecordHash([]byte("x")), At: time.Date(2026, 3, 2, 12, 0, 0, 5e6, time.UTC),
	}
}

func sign(t testing.TB, s note.Signer, text string) string {
	t.Helper()
	signed, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

func TestCheckpoint(t *testing.T) {
	signer, verifier := key(t, origin)
	_, older := key(t, origin)
	signed, err := point().Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(signed, "\n\n")
	want := "gatehouse/ins_test\n250\n" + point().Root.String() + "\nat 2026-03-02T12:00:00.005Z"
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("its text, which auditors' programs read (-want +got):\n%s", diff)
	}
	for name, known := range map[string]note.Verifiers{
		"one key": note.VerifierList(verifier), "after a rotation": note.VerifierList(older, verifier),
	} {
		got, err := auditlog.ParseCheckpoint(signed, known)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(point(), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	west := point()
	west.At = west.At.In(time.FixedZone("", -5*3600))
	if same, err := west.Sign(signer); err != nil || same != signed {
		t.Errorf("the same moment elsewhere is signed as %q (%v)", same, err)
	}
}

func TestParseCheckpoint_refused(t *testing.T) {
	signer, verifier := key(t, origin)
	stranger, _ := key(t, origin)
	namesake, _ := key(t, "gatehouse/ins_other")
	known := note.VerifierList(verifier)
	signed, err := point().Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	root := point().Root.String()
	for _, c := range []struct {
		name, signed string
		foreign      bool // a matter of the signature
	}{
		{"empty", "", true},
		{"no signature", "gatehouse/ins_test\n1\n" + root + "\nat 2026-03-02T12:00:00.005Z\n", true},
		{"another key of that name", sign(t, stranger, origin+"\n1\n"+root+"\nat 2026-03-02T12:00:00.005Z\n"), true},
		{"another installation's key", sign(t, namesake, origin+"\n1\n"+root+"\nat 2026-03-02T12:00:00.005Z\n"), true},
		{"changed size", strings.Replace(signed, "\n250\n", "\n251\n", 1), true},
		{"changed time", strings.Replace(signed, "2026", "2025", 1), true},
		{"cut", signed[:len(signed)-8], true},
		{"NUL", strings.Replace(signed, "\n250\n", "\n250\x00\n", 1), true},
		{"too few lines", sign(t, signer, origin+"\n1\n"+root+"\n"), false},
		{"too many lines", sign(t, signer, origin+"\n1\n"+root+"\nat 2026-03-02T12:00:00.005Z\nmore\n"), false},
		{"negative size", sign(t, signer, origin+"\n-1\n"+root+"\nat 2026-03-02T12:00:00.005Z\n"), false},
		{"size that is no number", sign(t, signer, origin+"\n0x1\n"+root+"\nat 2026-03-02T12:00:00.005Z\n"), false},
		{"size too large", sign(t, signer, origin+"\n9223372036854775808\n"+root+"\nat 2026-03-02T12:00:00.005Z\n"), false},
		{"short root", sign(t, signer, origin+"\n1\nAAAA\nat 2026-03-02T12:00:00.005Z\n"), false},
		{"no time", sign(t, signer, origin+"\n1\n"+root+"\n2026-03-02T12:00:00.005Z\n"), false},
		{"time of another form", sign(t, signer, origin+"\n1\n"+root+"\nat 2026-03-02 12:00:00\n"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := auditlog.ParseCheckpoint(c.signed, known)
			if err == nil || errors.Is(err, auditlog.ErrSignature) != c.foreign || p != (auditlog.Checkpoint{}) {
				t.Errorf("got %+v, %v", p, err)
			}
		})
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	signer, verifier := key(f, origin)
	known := note.VerifierList(verifier)
	signed, err := point().Sign(signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Add("gatehouse/ins_test\n1\n\n\n— x y\n")
	f.Add(strings.Repeat("\n", 50))
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := auditlog.ParseCheckpoint(text, known); err == nil && p != point() {
			t.Errorf("%q was never signed, and reads as %+v", text, p)
		}
		// Signed, whatever it says: read back, it says the same again.
		again, err := note.Sign(&note.Note{Text: strings.TrimRight(text, "\n") + "\n"}, signer)
		if err != nil {
			return
		}
		p, err := auditlog.ParseCheckpoint(string(again), known)
		if err != nil {
			return
		}
		if back, err := p.Sign(signer); err != nil {
			t.Errorf("%+v cannot be signed: %v", p, err)
		} else if q, err := auditlog.ParseCheckpoint(back, known); err != nil || q != p {
			t.Errorf("%+v reads back as %+v (%v)", p, q, err)
		}
	})
}
