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
func load(ctx context.Context, address string, n int, d time.Duration, request []byte, status int) (float64, error) {
	until := time.Now().Add(d)
	counts, errs := make([]int, n), make([]error, n)
	var all sync.WaitGroup
	began := time.Now()
	for i := range n {
		all.Go(func() { counts[i], errs[i] = drive(ctx, address, until, request, status) })
	}
	all.Wait()
	took := time.Since(began)
	total := 0
	for _, c := range counts {
		total += c
	}
	return float64(total) / took.Seconds(), errors.Join(errs...)
}

func drive(ctx context.Context, address string, until time.Time, request []byte, status int) (n int, err error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	in, first := bufio.NewReader(c), fmt.Appendf(nil, "HTTP/1.1 %d ", status)
	for ; time.Now().Before(until) && ctx.Err() == nil; n++ {
		if _, err := c.Write(request); err != nil {
			return n, err
		}
		if err := skimAnswer(in, first); err != nil {
			return n, err
		}
	}
	return n, nil
}

// skimAnswer reads past one answer, which must begin like that and have a length.
func skimAnswer(in *bufio.Reader, status []byte) error {
	length := -1
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && !bytes.HasPrefix(line, status) {
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
	Status int
	Header http.Header
	Body   []byte
}

// fetch gets one answer.
func fetch(ctx context.Context, address, path string, h http.Header) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return answer{}, err
	}
	r.Header = h
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body}, err
}
