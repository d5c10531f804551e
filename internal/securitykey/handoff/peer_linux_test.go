package handoff

import (
	"net"
	"net/netip"
	"os"
	"testing"
)

// What the kernel says of sockets, of both families, and whose they are.
func TestOwnerOf(t *testing.T) {
	const four = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:9C40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0
   1: 0100007F:D431 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1001        0 222 1 0
   2: 0100007F:9C40 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 333 1 0
`
	const six = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:D431 00000000000000000000000001000000:9C40 01 00000000:00000000 00:00000000 00000000  1002        0 444 1 0
   1: 0000000000000000FFFF00000100007F:D432 0000000000000000FFFF00000100007F:9C40 01 00000000:00000000 00:00000000 00000000  1003        0 555 1 0
   2: bad
`
	for _, tt := range []struct {
		table, from, to string
		uid             int
		found           bool
	}{
		{four, "127.0.0.1:54321", "127.0.0.1:40000", 1001, true},
		{four, "127.0.0.1:40000", "127.0.0.1:54321", 1000, true},
		{four, "127.0.0.1:54322", "127.0.0.1:40000", 0, false},
		{six, "[::1]:54321", "[::1]:40000", 1002, true},
		{six, "127.0.0.1:54322", "127.0.0.1:40000", 1003, true},
		{"", "127.0.0.1:1", "127.0.0.1:2", 0, false},
	} {
		uid, found := ownerOf([]byte(tt.table), netip.MustParseAddrPort(tt.from), netip.MustParseAddrPort(tt.to))
		if uid != tt.uid || found != tt.found {
			t.Errorf("%s to %s: %d, %t", tt.from, tt.to, uid, found)
		}
	}
}

// A connection of another user's program is not taken.
func TestOurs(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Logf("%s: %v", at, err)
			continue
		}
		defer l.Close()
		far, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer far.Close()
		near, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer near.Close()
		if !ours(near, os.Getuid()) {
			t.Errorf("%s: one's own connection is taken for another's", at)
		}
		if ours(near, os.Getuid()+1) {
			t.Errorf("%s: another's connection is taken for one's own", at)
		}
	}
}
