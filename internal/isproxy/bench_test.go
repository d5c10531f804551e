package isproxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/isproxy"
)

// Connections of the throughput benchmark, and questions that each sends before
// it reads the answers.
const (
	benchConnections = 32
	benchDepth       = 64
)

// BenchmarkServer is to be read beside BenchmarkBare, which sends the same bytes
// by the same rule and knows nothing: the bar is 0.4 of its throughput.
func BenchmarkServer(b *testing.B) {
	_, address := door(b, isproxy.Config{Keys: &keyring{key: "the-key"}, Source: known(), MaxUnauthenticated: 1000})
	pump(b, address)
}

func BenchmarkBare(b *testing.B) {
	l := listen(b)
	go func() {
		for {
			n, err := l.Accept()
			if err != nil {
				return
			}
			go bare(n)
		}
	}()
	pump(b, l.Addr().String())
}

// bare answers each line with what the door would say, and flushes when no more
// input is waiting.
func bare(n net.Conn) {
	defer n.Close()
	in, out := bufio.NewReaderSize(n, 16<<10), bufio.NewWriterSize(n, 32<<10)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		if line[0] == 'L' {
			_, _ = out.WriteString("100 Login ok\r\n")
		} else {
			_, _ = out.Write(line[len("IS ") : len(line)-len("\r\n")])
			_, _ = out.WriteString(" available\r\n")
		}
		if in.Buffered() == 0 && out.Flush() != nil {
			return
		}
	}
}

func pump(b *testing.B, address string) {
	var question strings.Builder
	for i := range benchDepth {
		fmt.Fprintf(&question, "IS some-name-%02d.example\r\n", i)
	}
	burst := []byte(question.String())
	answers := len("some-name-00.example available\r\n") * benchDepth
	clients := make([]*client, benchConnections)
	for i := range clients {
		clients[i] = dial(b, address)
		clients[i].ask("LOGIN the-key", "100 Login ok")
		_ = clients[i].SetDeadline(time.Time{})
	}
	work := make(chan struct{}, b.N/benchDepth+1)
	for range b.N/benchDepth + 1 {
		work <- struct{}{}
	}
	close(work)
	b.ResetTimer()
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() {
			got := make([]byte, answers)
			for range work {
				if _, err := c.Write(burst); err != nil {
					b.Error(err)
					return
				}
				if _, err := io.ReadFull(c.in, got); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "questions/s")
}

// BenchmarkIdle measures the memory of a process with 2,000 idle connections
// over TLS. The door is in a process of its own, so that what its clients hold
// does not count. The bar is 96 MiB.
func BenchmarkIdle(b *testing.B) {
	const connections = 2000
	if os.Getenv("ISPROXY_IDLE_DOOR") != "" {
		idleDoor(b)
		return
	}
	for b.Loop() {
		cmd := exec.Command(os.Args[0], "-test.run=^$", "-test.bench=^BenchmarkIdle$", "-test.benchtime=1x")
		cmd.Env = append(os.Environ(), "ISPROXY_IDLE_DOOR=1")
		cmd.Stderr = os.Stderr
		stdin, err := cmd.StdinPipe()
		if err != nil {
			b.Fatal(err)
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		out := bufio.NewReader(stdout)
		say := func() string {
			for {
				line, err := out.ReadString('\n')
				if err != nil {
					b.Fatal(err)
				}
				if _, value, ok := strings.Cut(strings.TrimSpace(line), "door: "); ok {
					return value
				}
			}
		}
		address := say()
		open := make([]*client, connections)
		for i := range open {
			open[i] = dial(b, address)
			open[i].secure(&tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the other process makes its own certificate
			open[i].ask("LOGIN the-key", "100 Login ok")
			open[i].ask("IS taken.be", "taken.be not available")
		}
		now := func() float64 {
			_, _ = io.WriteString(stdin, "\n")
			kib, _ := strconv.ParseFloat(say(), 64)
			return kib / 1024
		}
		b.ReportMetric(now(), "MiB-busy")
		<-time.After(3 * time.Second)
		b.ReportMetric(now(), "MiB-idle")
		_ = stdin.Close()
		for _, c := range open {
			_ = c.Conn.Close()
		}
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	}
}

// idleDoor is what the other process does: it opens a door, says where, and says
// how much memory it holds whenever it is asked.
func idleDoor(b *testing.B) {
	one, _ := certificate(b, "is.example")
	s, err := isproxy.New(isproxy.Config{
		Keys: &keyring{key: "the-key"}, Source: known(), RequireTLS: true, TLS: withCertificate(one), MaxUnauthenticated: 5000,
	})
	if err != nil {
		b.Fatal(err)
	}
	l := listen(b)
	go func() { _ = s.Serve(context.Background(), l) }()
	fmt.Println("door: " + l.Addr().String())
	in := bufio.NewReader(os.Stdin)
	for {
		if _, err := in.ReadString('\n'); err != nil {
			return
		}
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			b.Fatal(err)
		}
		_, rss, _ := strings.Cut(string(status), "VmRSS:")
		fmt.Println("door: " + strings.Fields(rss)[0])
	}
}
