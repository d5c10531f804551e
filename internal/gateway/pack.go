package gateway

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
)

// unpacked is a packed body as it was before.
type unpacked struct {
	src io.Reader
	zip *gzip.Reader
}

func (u *unpacked) Read(p []byte) (n int, err error) {
	if u.zip == nil {
		if u.zip, err = gzip.NewReader(u.src); err != nil {
			if errors.Is(err, io.EOF) { // nothing was packed
				return 0, io.EOF
			}
			return 0, err
		}
	}
	return u.zip.Read(p)
}

// repacked is a body packed again, as far as it has come: nothing waits for more
// to come.
type repacked struct {
	src    io.Reader
	out    bytes.Buffer
	zip    *gzip.Writer
	buffer []byte
	ended  error
}

func newRepacked(src io.Reader) *repacked {
	r := &repacked{src: src, buffer: make([]byte, bufferSize)}
	r.zip, _ = gzip.NewWriterLevel(&r.out, gzip.BestSpeed) // there is such a level
	return r
}

func (r *repacked) Read(p []byte) (int, error) {
	for r.out.Len() == 0 {
		if r.ended != nil {
			return 0, r.ended
		}
		n, err := r.src.Read(r.buffer)
		if n > 0 {
			if _, failed := r.zip.Write(r.buffer[:n]); failed != nil {
				return 0, failed
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			r.ended, err = err, r.zip.Close()
		case err != nil:
			return 0, err
		case n > 0:
			err = r.zip.Flush()
		}
		if err != nil {
			return 0, err
		}
	}
	return r.out.Read(p)
}
