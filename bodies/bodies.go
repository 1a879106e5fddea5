// Package bodies reads the bodies of requests into memory that is bounded, whatever callers announce or send.
//
// Nobody has been verified yet when a body is read, so nothing is set aside for what a caller announces: a body
// gets 8 KiB, and 64 KiB once it has sent more than that. That is as much as one connection can hold; how many
// connections there are, the server bounds. To go on beyond that a body needs one of a few places that the process
// has (Places), and must make use of it within a second.
package bodies

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

const (
	// Usual is the largest body that needs no place, in bytes.
	Usual = 64 << 10
	// Largest is the largest body that can be read at all, in bytes.
	Largest = 1 << 20
	// small is what most bodies fit in.
	small = 8 << 10
)

// What a body can be refused for. Any other error means that it could not be read to its end.
var (
	ErrTooLarge = errors.New("the body is larger than its limit")
	ErrNoPlace  = errors.New("no place for a large body became free in time")
)

// Buffer holds one body. Its memory serves the next one after Free.
type Buffer struct {
	bytes  []byte // what was read; of small, usual or large
	small  *[small]byte
	usual  *[Usual]byte
	large  *[Largest]byte
	probe  [1]byte // what comes after a buffer that is full, if anything does
	places *Places // where to give the place back that the body has
	client netip.Prefix
}

var (
	buffers = sync.Pool{New: func() any { return &Buffer{small: new([small]byte)} }}
	usuals  = sync.Pool{New: func() any { return new([Usual]byte) }}
	larges  = sync.Pool{New: func() any { return new([Largest]byte) }}
)

// Source says how a body is read.
type Source struct {
	Limit  int           // in bytes; what is larger is refused, at once if it is announced
	Time   time.Duration // for the body to arrive; 0 leaves the server's own deadline
	Places *Places       // for bodies of more than Usual; not needed if Limit is not larger
	Client netip.Prefix  // who has a share of the places; the zero Prefix is nobody in particular
}

// Read takes a body, byte for byte. Whoever gets the buffer frees it.
func (s Source) Read(w http.ResponseWriter, r *http.Request) (*Buffer, error) {
	if r.ContentLength > int64(s.Limit) {
		return nil, ErrTooLarge
	}
	var until time.Time
	deadline := http.NewResponseController(w)
	if s.Time > 0 {
		until = time.Now().Add(s.Time)
		// Not every ResponseWriter has deadlines (a test's recorder has none); the server's own limit on
		// reading a request holds in any case.
		_ = deadline.SetReadDeadline(until)
	}
	b := buffers.Get().(*Buffer)
	b.bytes, b.client = b.small[:0], s.Client
	err := b.fill(r.Body, s.Limit, func() error {
		if !s.Places.take(s.Client, time.Until(until)-largeTime) {
			return ErrNoPlace
		}
		b.places = s.Places
		_ = deadline.SetReadDeadline(time.Now().Add(largeTime))
		return nil
	})
	if err != nil {
		b.Free()
		return nil, err
	}
	return b, nil
}

// fill reads until the end. Place is called before the body goes beyond Usual.
func (b *Buffer) fill(body io.Reader, limit int, place func() error) error {
	for {
		room := b.bytes[len(b.bytes):min(cap(b.bytes), limit)]
		full := len(room) == 0
		if full {
			room = b.probe[:]
		}
		n, err := body.Read(room)
		if full && n > 0 {
			if len(b.bytes) == limit {
				return ErrTooLarge
			}
			if err := b.grow(place); err != nil {
				return err
			}
			b.bytes = append(b.bytes, b.probe[0])
		} else {
			b.bytes = b.bytes[:len(b.bytes)+n]
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// grow moves the body to the next larger array.
func (b *Buffer) grow(place func() error) error {
	if b.usual == nil {
		b.usual = usuals.Get().(*[Usual]byte)
		b.bytes = append(b.usual[:0], b.bytes...)
		return nil
	}
	if err := place(); err != nil {
		return err
	}
	b.large = larges.Get().(*[Largest]byte)
	b.bytes = append(b.large[:0], b.bytes...)
	usuals.Put(b.usual)
	b.usual = nil
	return nil
}

// Bytes is the body, good until Free.
func (b *Buffer) Bytes() []byte { return b.bytes }

// Free gives the memory back, and the place. It is called once.
func (b *Buffer) Free() {
	if b.usual != nil {
		usuals.Put(b.usual)
	}
	if b.large != nil {
		larges.Put(b.large)
	}
	if b.places != nil {
		b.places.leave(b.client)
	}
	b.bytes, b.usual, b.large, b.places = nil, nil, nil, nil
	buffers.Put(b)
}

// The bounds of Discard: long enough for what is on its way when the answer is, too little to be worth sending.
const (
	discardTime = 500 * time.Millisecond
	discardMost = 4 * Largest
)

// Discard sends the answer that has been written to a request whose body was refused unread, and throws away what
// is still arriving, for a short time: a client that is still sending when its connection closes sees a reset in
// place of the answer. The answer must have said "Connection: close".
func Discard(w http.ResponseWriter, r *http.Request) {
	connection := http.NewResponseController(w)
	if connection.Flush() != nil {
		return
	}
	_ = connection.SetReadDeadline(time.Now().Add(discardTime))
	_, _ = io.CopyN(io.Discard, r.Body, discardMost)
}
