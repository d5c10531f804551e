package softkey_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/internal/securitykey/softkey"
)

// wire is a computer's end of a key, at the level of reports.
type wire struct {
	t    *testing.T
	conn net.Conn
}

// plugIn serves a key over a pipe.
func plugIn(t *testing.T, config softkey.Config) (*softkey.Key, wire) {
	t.Helper()
	k, err := softkey.New(config)
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- k.Serve(context.Background(), near) }()
	t.Cleanup(func() {
		far.Close()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return k, wire{t, far}
}

// send writes a report that begins with these bytes, in hex.
func (w wire) send(report string) {
	w.t.Helper()
	raw, err := hex.DecodeString(strings.ReplaceAll(report, " ", ""))
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.conn.Write(append(raw, make([]byte, 64-len(raw))...)); err != nil {
		w.t.Fatal(err)
	}
}

func (w wire) receive() []byte {
	w.t.Helper()
	report := make([]byte, 64)
	if _, err := io.ReadFull(w.conn, report); err != nil {
		w.t.Fatal(err)
	}
	return report
}

// wants fails unless the next report begins with these bytes and ends in zeros.
func (w wire) wants(want string) {
	w.t.Helper()
	raw, err := hex.DecodeString(strings.ReplaceAll(want, " ", ""))
	if err != nil {
		w.t.Fatal(err)
	}
	got := w.receive()
	if !bytes.Equal(got, append(raw, make([]byte, 64-len(raw))...)) {
		w.t.Fatalf("got  %x\nwant %x", got, raw)
	}
}

// open gets channel 1, as every first client of a key does.
func (w wire) open() {
	w.t.Helper()
	w.send("ffffffff 86 0008 1112131415161718")
	w.wants("ffffffff 86 0011 1112131415161718 00000001 02 01 00 00 0d")
}

// call sends a message on channel 1 and returns the answer, past keepalives.
func (w wire) call(command byte, data []byte) []byte {
	w.t.Helper()
	head := binary.BigEndian.AppendUint16([]byte{0, 0, 0, 1, command | 0x80}, uint16(len(data)))
	n := min(len(data), 57)
	w.send(hex.EncodeToString(append(head, data[:n]...)))
	for seq := byte(0); n < len(data); seq++ {
		m := min(len(data)-n, 59)
		w.send(hex.EncodeToString(append([]byte{0, 0, 0, 1, seq}, data[n:n+m]...)))
		n += m
	}
	report := w.receive()
	for report[4] == 0xbb {
		report = w.receive()
	}
	if report[4] != command|0x80 {
		w.t.Fatalf("got %x", report)
	}
	length := int(binary.BigEndian.Uint16(report[5:]))
	answer := append([]byte(nil), report[7:7+min(57, length)]...)
	for seq := byte(0); len(answer) < length; seq++ {
		report = w.receive()
		if report[4] != seq {
			w.t.Fatalf("got report %d of an answer, want %d", report[4], seq)
		}
		answer = append(answer, report[5:5+min(59, length-len(answer))]...)
	}
	return answer
}

// The bytes of CTAP 2.1, section 11.2: what is sent, and what must come back.
func TestServe_frames(t *testing.T) {
	long := strings.Repeat("ab", 57)
	for _, tt := range []struct{ name, sent, want string }{
		{"ping", "00000001 81 0003 010203", "00000001 81 0003 010203"},
		{"empty ping", "00000001 81 0000", "00000001 81 0000"},
		{"wink", "00000001 88 0000", "00000001 88 0000"},
		{"unknown command", "00000001 bf 0000", "00000001 bf 0001 01"},
		{"vendor's command", "00000001 c0 0000", "00000001 bf 0001 01"},
		{"channel that nobody got", "00000007 81 0000", "00000007 bf 0001 0b"},
		{"channel 0", "00000000 81 0000", "00000000 bf 0001 0b"},
		{"broadcast of another command", "ffffffff 81 0000", "ffffffff bf 0001 0b"},
		{"too long", "00000001 81 1dba", "00000001 bf 0001 03"},
		{"INIT of the wrong length", "ffffffff 86 0007 00", "ffffffff bf 0001 03"},
		{"INIT again on the channel", "00000001 86 0008 2122232425262728", "00000001 86 0011 2122232425262728 00000001 02 01 00 00 0d"},
		{"a second channel", "ffffffff 86 0008 3132333435363738", "ffffffff 86 0011 3132333435363738 00000002 02 01 00 00 0d"},
		{"CBOR of nothing", "00000001 90 0000", "00000001 90 0001 03"},
		{"unknown command of CTAP2", "00000001 90 0001 ee", "00000001 90 0001 01"},
		{"no CBOR", "00000001 90 0002 01 ff", "00000001 90 0001 12"},
		{"no U2F here", "00000001 83 0007 00 03 00 00 00 00 00", "00000001 bf 0001 01"},
		{"next assertion, of none", "00000001 90 0001 08", "00000001 90 0001 30"},
		{"58 bytes in two reports", "00000001 81 003a " + long + "| 00000001 00 cd", "00000001 81 003a " + long + "| 00000001 00 cd"},
		{"a rest out of order", "00000001 81 003a " + long + "| 00000001 01 cd", "00000001 bf 0001 04"},
		{"a rest of nothing is passed over", "00000001 00 cd | 00000001 81 0001 09", "00000001 81 0001 09"},
		{"another channel in between", "00000001 81 003a " + long + "| ffffffff 86 0008 4142434445464748 | 00000001 00 cd", "ffffffff 86 0011 4142434445464748 00000002 02 01 00 00 0d | 00000001 81 003a " + long + "| 00000001 00 cd"},
		{"a new message instead of the rest", "00000001 81 003a " + long + "| 00000001 81 0000", "00000001 bf 0001 04"},
		{"INIT instead of the rest", "00000001 81 003a " + long + "| 00000001 86 0008 5152535455565758", "00000001 86 0011 5152535455565758 00000001 02 01 00 00 0d"},
		{"cancelling nothing", "00000001 91 0000 | 00000001 81 0001 09", "00000001 81 0001 09"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, w := plugIn(t, softkey.Config{})
			w.open()
			go func() {
				for report := range strings.SplitSeq(tt.sent, "|") {
					w.send(report)
				}
			}()
			for report := range strings.SplitSeq(tt.want, "|") {
				w.wants(report)
			}
		})
	}
}

func TestServe_lengths(t *testing.T) {
	_, w := plugIn(t, softkey.Config{})
	w.open()
	for _, n := range []int{0, 1, 56, 57, 58, 116, 117, 1024, 7609} {
		data := bytes.Repeat([]byte{byte(n)}, n)
		if got := w.call(0x01, data); !bytes.Equal(got, data) {
			t.Errorf("%d bytes came back as %d", n, len(got))
		}
	}
}

// U2F says what it is in plain text.
func TestServe_U2F(t *testing.T) {
	for mode, caps := range map[softkey.U2F]string{softkey.U2FToo: "05", softkey.U2FOnly: "01"} {
		_, w := plugIn(t, softkey.Config{U2F: mode})
		w.send("ffffffff 86 0008 1112131415161718")
		w.wants("ffffffff 86 0011 1112131415161718 00000001 02 01 00 00" + caps)
		w.send("00000001 83 0007 00 03 00 00 00 00 00")
		w.wants("00000001 83 0008 5532465f5632 9000")
		w.send("00000001 83 0007 00 77 00 00 00 00 00")
		w.wants("00000001 83 0002 6d00")
		w.send("00000001 83 0007 01 03 00 00 00 00 00")
		w.wants("00000001 83 0002 6e00")
		w.send("00000001 83 0008 00 01 00 00 00 00 01 00")
		w.wants("00000001 83 0002 6700")
		if mode == softkey.U2FOnly {
			w.send("00000001 90 0001 04")
			w.wants("00000001 bf 0001 01")
		}
	}
}

// What a key says about itself, as CTAP 2.1 section 6.4 writes it.
func TestServe_info(t *testing.T) {
	_, w := plugIn(t, softkey.Config{AAGUID: [16]byte{0xaa}, Algorithms: []int{softkey.ES256}, CTAP20: true, PINProtocols: []int{1}})
	w.open()
	const want = "00" + // success
		"a7" +
		"01" + "81" + "684649444f5f325f30" + // versions: FIDO_2_0
		"03" + "50" + "aa000000000000000000000000000000" +
		"04" + "a4" + "62726b" + "f5" + "627570" + "f5" + "64706c6174" + "f4" + "69636c69656e7450696e" + "f4" +
		"05" + "1904b0" +
		"06" + "81" + "01" +
		"09" + "81" + "63757362" +
		"0a" + "81" + "a2" + "63616c67" + "26" + "6474797065" + "6a7075626c69632d6b6579"
	if got := hex.EncodeToString(w.call(0x10, []byte{4})); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// While it waits to be touched, a key says so every 100 ms, lets itself be
// cancelled by the channel that asked, and turns others away.
func TestServe_waiting(t *testing.T) {
	const selection, asking = "00000001 90 0001 0b", "00000001 bb 0001 02"
	for _, tt := range []struct {
		name string
		do   func(*softkey.Key, wire)
		want string
	}{
		{"touched", func(k *softkey.Key, _ wire) { k.TouchOnce() }, "00000001 90 0001 00"},
		{"cancelled", func(_ *softkey.Key, w wire) { w.send("00000001 91 0000") }, "00000001 90 0001 2d"},
		{"started again", func(_ *softkey.Key, w wire) { w.send("00000001 86 0008 6162636465666768") }, "00000001 86 0011 6162636465666768 00000001 02 01 00 00 0d"},
		{"another channel", func(_ *softkey.Key, w wire) { w.send("00000001 81 0000") }, "00000001 bf 0001 06"},
		{"nobody comes", func(*softkey.Key, wire) {}, "00000001 90 0001 2f"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, w := plugIn(t, softkey.Config{})
				k.TouchAlways(false)
				w.open()
				began := time.Now()
				w.send(selection)
				w.wants(asking)
				w.wants(asking)
				if waited := time.Since(began); waited != 100*time.Millisecond {
					t.Errorf("the second keepalive comes after %s", waited)
				}
				go tt.do(k, w)
				report := w.receive()
				for report[4] == 0xbb {
					report = w.receive()
				}
				want, err := hex.DecodeString(strings.ReplaceAll(tt.want, " ", ""))
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.HasPrefix(report, want) {
					t.Errorf("got %x, want %x", report, want)
				}
				if waited := time.Since(began); tt.name == "nobody comes" && waited != 30*time.Second {
					t.Errorf("it waited %s", waited)
				}
				go func() { _, _ = io.Copy(io.Discard, w.conn) }()
			})
		})
	}
	t.Run("a rest that does not come", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, w := plugIn(t, softkey.Config{})
			w.open()
			began := time.Now()
			w.send("00000001 81 003a " + strings.Repeat("ab", 57))
			w.wants("00000001 bf 0001 05")
			if waited := time.Since(began); waited != 500*time.Millisecond {
				t.Errorf("it waited %s", waited)
			}
		})
	})
}
