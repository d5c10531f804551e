package handoff

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
)

// ownOnly accepts connections of programs of this user only. The address is on
// the command line of whatever opens the browser, and on Linux everybody on the
// machine can read that: who were quicker could register a key of their own.
type ownOnly struct{ net.Listener }

func (o ownOnly) Accept() (net.Conn, error) {
	for {
		c, err := o.Listener.Accept()
		if err != nil || ours(c, os.Getuid()) {
			return c, err
		}
		_ = c.Close()
	}
}

// ours reports whether the other end belongs to a user, by what the kernel says
// of its socket (proc_pid_net(5): /proc/net/tcp).
func ours(c net.Conn, uid int) bool {
	here, err := netip.ParseAddrPort(c.LocalAddr().String())
	if err != nil {
		return false
	}
	there, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return false
	}
	readable := false
	// A browser may reach 127.0.0.1 from a socket of IPv6.
	for _, name := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		table, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		readable = true
		if owner, found := ownerOf(table, there, here); found {
			return owner == uid
		}
	}
	return !readable // nothing to ask: the token alone keeps others out
}

// ownerOf finds who has the socket that leads from one address to the other.
func ownerOf(table []byte, from, to netip.AddrPort) (uid int, found bool) {
	const local, remote, owner = 1, 2, 7
	for lines := bufio.NewScanner(bytes.NewReader(table)); lines.Scan(); {
		f := bytes.Fields(lines.Bytes())
		if len(f) <= owner || socketAddress(f[local]) != from || socketAddress(f[remote]) != to {
			continue
		}
		uid, err := strconv.Atoi(string(f[owner]))
		return uid, err == nil
	}
	return 0, false
}

// socketAddress reads an address as the kernel writes it: words of 32 bits in
// the machine's order, and the port in the network's, all in hexadecimal.
func socketAddress(text []byte) netip.AddrPort {
	address, port, _ := bytes.Cut(text, []byte(":"))
	raw, err := hex.DecodeString(string(address))
	if err != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}
	}
	for word := range slices.Chunk(raw, 4) {
		binary.BigEndian.PutUint32(word, binary.NativeEndian.Uint32(word))
	}
	ip, ok := netip.AddrFromSlice(raw)
	n, err := strconv.ParseUint(string(port), 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(n))
}
