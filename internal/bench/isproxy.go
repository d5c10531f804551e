package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/access"
)

// What the ISProxy door must reach: a part of a bare line server's speed, when
// each connection asks that many questions before it reads the answers; and how
// much memory the Gate may take while that many are connected over TLS and ask
// nothing.
const (
	beforeReading = 64
	besideLines   = 0.4
	idleLines     = 2000
	idleMemory    = 96 * mebibyte
)

// isproxy compares the ISProxy door with a server that answers the same bytes,
// flushes by the same rule, and knows nothing.
func (r *run) isproxy(ctx context.Context) (err error) {
	dir, err := r.registrar(ctx, 36)
	if err != nil {
		return err
	}
	p, err := open(ctx, dir)
	if err != nil {
		return err
	}
	key, id, err := newKey(ctx, p, "ISPROXY", access.CheckDomain)
	if err = errors.Join(err, p.close()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.forgetKey(ctx, dir, id)) }()
	list := filepath.Join(dir, "list.txt")
	if err := os.WriteFile(list, []byte(".example\ntaken.example\n"), 0o600); err != nil {
		return err
	}
	return errors.Join(r.raceLines(ctx, dir, list, key), r.idleLines(ctx, dir, list, key))
}

// lines starts a Gate with an ISProxy door.
func (r *run) lines(ctx context.Context, dir, list string, more ...string) (g *gate, door string, err error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	door = free.Addr().String()
	if err := free.Close(); err != nil {
		return nil, "", err
	}
	g, err = r.serve(ctx, dir, append([]string{"--isproxy", door, "--upstream", "list:" + list}, more...)...)
	return g, door, err
}

func (r *run) raceLines(ctx context.Context, dir, list, key string) error {
	g, door, err := r.lines(ctx, dir, list)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.CommandContext(ctx, self, bareLinesCommand)
	child.Stderr = os.Stderr
	bare, err := startChild(child, nil)
	if err != nil {
		return errors.Join(fmt.Errorf("start the bare line server: %w", err), g.stop())
	}
	var ours, theirs, ratios []float64
	for range r.rounds {
		var a, b float64
		if a, err = askLines(bare, key, r.connections, r.round); err != nil {
			break
		}
		if b, err = askLines(door, key, r.connections, r.round); err != nil {
			break
		}
		theirs, ours, ratios = append(theirs, a), append(ours, b), append(ratios, b/a)
	}
	if err = errors.Join(err, child.Process.Kill(), ignoreExit(child.Wait()), g.stop()); err != nil {
		return err
	}
	r.table.note(fmt.Sprintf("bare line server, %d connections, %d questions deep", r.connections, beforeReading), "%.0f /s", median(theirs))
	r.table.note("ISProxy from an offline list", "%.0f /s", median(ours))
	ratio := median(ratios)
	r.table.judge("  ratio", fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %.2f", besideLines), ratio >= besideLines)
	return nil
}

// askLines has every connection ask without end, and counts the answers of a second.
func askLines(address, key string, connections int, d time.Duration) (float64, error) {
	var question, answer bytes.Buffer
	for i := range beforeReading {
		fmt.Fprintf(&question, "IS some-name-%02d.example\r\n", i)
		fmt.Fprintf(&answer, "some-name-%02d.example available\r\n", i)
	}
	open := make([]net.Conn, connections)
	for i := range open { // one after the other: few strangers are let in at a time
		c, err := dialLines(address, key, nil)
		if err != nil {
			return 0, err
		}
		defer c.Close()
		open[i] = c
	}
	counts, errs := make([]int, connections), make([]error, connections)
	began := time.Now()
	var all sync.WaitGroup
	for i, c := range open {
		all.Go(func() {
			got := make([]byte, answer.Len())
			for ; time.Since(began) < d; counts[i] += beforeReading {
				if _, errs[i] = c.Write(question.Bytes()); errs[i] != nil {
					return
				}
				if _, errs[i] = io.ReadFull(c, got); errs[i] != nil {
					return
				}
			}
			if !bytes.Equal(got, answer.Bytes()) {
				errs[i] = fmt.Errorf("the door answered %q", got)
			}
		})
	}
	all.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / time.Since(began).Seconds(), errors.Join(errs...)
}

// dialLines connects and logs in, over TLS if there is a configuration for it.
func dialLines(address, key string, trust *tls.Config) (net.Conn, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	if trust != nil {
		if err = command(c, "STARTTLS", "100 OK"); err == nil {
			secured := tls.Client(c, trust)
			c, err = secured, secured.Handshake()
		}
	}
	if err == nil {
		err = command(c, "LOGIN "+key, "100 Login ok")
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// command sends a line and reads its answer, byte by byte, so that nothing of what
// follows is lost.
func command(c net.Conn, text, want string) error {
	if _, err := io.WriteString(c, text+"\r\n"); err != nil {
		return err
	}
	got := make([]byte, len(want)+len("\r\n"))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if string(got) != want+"\r\n" {
		return fmt.Errorf("the answer to %.8s was %q", text, got)
	}
	return nil
}

// idleLines measures a Gate that many are connected to.
func (r *run) idleLines(ctx context.Context, dir, list, key string) error {
	cert, private, err := selfSigned(dir)
	if err != nil {
		return err
	}
	g, door, err := r.lines(ctx, dir, list, "--tls-cert", cert, "--tls-key", private)
	if err != nil {
		return err
	}
	open := make([]net.Conn, 0, idleLines)
	trust := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // made for this run, and not what is measured
	for range idleLines {
		c, failed := dialLines(door, key, trust)
		if err = failed; err != nil {
			break
		}
		open = append(open, c)
	}
	var resident float64
	if err == nil {
		resident, err = residentMemory(g.process.Process.Pid)
	}
	for _, c := range open {
		err = errors.Join(err, c.Close())
	}
	if err = errors.Join(err, g.stop()); err != nil {
		return err
	}
	r.table.judge(fmt.Sprintf("memory with %d idle over TLS (RSS)", idleLines), fmt.Sprintf("%.1f MiB", resident/mebibyte), fmt.Sprintf("≤ %d MiB", idleMemory/mebibyte), resident <= idleMemory)
	return nil
}

// selfSigned makes a certificate for this run.
func selfSigned(dir string) (cert, key string, err error) {
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	public, err := x509.CreateCertificate(rand.Reader, template, template, pair.Public(), pair)
	if err != nil {
		return "", "", err
	}
	private, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		return "", "", err
	}
	cert, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	return cert, key, errors.Join(
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600),
	)
}

// bareLinesCommand is how this program starts itself as the bare line server.
const bareLinesCommand = "-serve-bare-lines"

func serveBareLines(out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, l.Addr()); err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go answerLines(c)
	}
}

// answerLines says what the door would say, and flushes when no more input waits.
func answerLines(c net.Conn) {
	defer c.Close()
	in, out := bufio.NewReaderSize(c, 16<<10), bufio.NewWriterSize(c, 32<<10)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if name, asked := strings.CutPrefix(strings.TrimSuffix(line, "\r\n"), "IS "); asked {
			_, _ = out.WriteString(name)
			_, _ = out.WriteString(" available\r\n")
		} else {
			_, _ = out.WriteString("100 Login ok\r\n")
		}
		if in.Buffered() == 0 && out.Flush() != nil {
			return
		}
	}
}
