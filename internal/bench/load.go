package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// load sends the same request over n kept connections for a while and returns
// how many answers came a second. It parses as little of an answer as it can:
// its own work is part of what both sides of a comparison cost.
func load(ctx context.Context, address string, n int, d time.Duration, request []byte) (float64, error) {
	until := time.Now().Add(d)
	counts, errs := make([]int, n), make([]error, n)
	var all sync.WaitGroup
	began := time.Now()
	for i := range n {
		all.Go(func() { counts[i], errs[i] = drive(ctx, address, until, request) })
	}
	all.Wait()
	took := time.Since(began)
	total := 0
	for _, c := range counts {
		total += c
	}
	return float64(total) / took.Seconds(), errors.Join(errs...)
}

func drive(ctx context.Context, address string, until time.Time, request []byte) (n int, err error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for ; time.Now().Before(until) && ctx.Err() == nil; n++ {
		if _, err := c.Write(request); err != nil {
			return n, err
		}
		if err := skimAnswer(in); err != nil {
			return n, err
		}
	}
	return n, nil
}

// skimAnswer reads past one answer, which must be a 200 with a length.
func skimAnswer(in *bufio.Reader) error {
	length := -1
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
			return fmt.Errorf("the answer was %q", bytes.TrimSpace(line))
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
	}
	if length < 0 {
		return errors.New("the answer has no length")
	}
	_, err := in.Discard(length)
	return err
}

// answer is what a bare handler repeats.
type answer struct {
	Header http.Header
	Body   []byte
}

// fetch gets one answer.
func fetch(ctx context.Context, address, path, cookie string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Cookie", cookie)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %s", path, response.Status, body)
	}
	return answer{response.Header, body}, err
}
