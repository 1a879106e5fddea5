package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
)

const (
	webhookSecret = "whsec_bench"
	forgersSecret = "whsec_forger"
)

// The ids of the nth event. Event and intent ids ascend as Stripe's do, a session's id is random, and a
// booking's is spelled out. MD5 because PostgreSQL has it as a function: pgbench and the loading of the
// bookings make the same ids in SQL, so that the indexes grow in the same places whoever writes.
const (
	eventIDSQL   = `'evt_1' || lpad((%s)::text, 16, '0')`
	intentIDSQL  = `'pi_3' || lpad((%s)::text, 16, '0')`
	sessionIDSQL = `'cs_test_' || md5((%s)::text)`
	bookingIDSQL = `('00000000-0000-4000-8000-' || lpad((%s)::text, 12, '0'))::uuid`
)

// marks are the places in the template that differ from delivery to delivery, and what goes there.
var marks = []struct {
	text string
	id   func(dst []byte, n int64) []byte
}{
	{"evt_bench_mark", func(dst []byte, n int64) []byte { return appendPadded(append(dst, "evt_1"...), n, 16) }},
	{"pi_bench_mark", func(dst []byte, n int64) []byte { return appendPadded(append(dst, "pi_3"...), n, 16) }},
	{"cs_bench_mark", func(dst []byte, n int64) []byte {
		sum := md5.Sum(strconv.AppendInt(nil, n, 10))
		return hex.AppendEncode(append(dst, "cs_test_"...), sum[:])
	}},
	{"00000000-0000-4000-8000-0000000bench", func(dst []byte, n int64) []byte {
		return appendPadded(append(dst, "00000000-0000-4000-8000-"...), n, 12)
	}},
}

func appendPadded(dst []byte, n int64, width int) []byte {
	digits := strconv.AppendInt(make([]byte, 0, 20), n, 10)
	for range width - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// template is a real event's text, cut at its marks, so that making a delivery is copying.
type template struct {
	pieces []piece
}

// piece is a stretch of text, and the mark that follows it; -1 for none.
type piece struct {
	text []byte
	mark int
}

// newTemplate takes the event from package hookproof's fixtures: its shape and size are Stripe's.
func newTemplate() (template, error) {
	e, err := life.New("checkout.session.completed", event.Subject{
		"paymentIntent": marks[1].text, "sessionId": marks[2].text, "clientReferenceId": marks[3].text,
		"metadata.bookingId": marks[3].text, "amount": price, "currency": "usd",
	})
	if err != nil {
		return template{}, err
	}
	rest := []byte(strings.ReplaceAll(string(e.Body), e.ID, marks[0].text))
	var t template
	for {
		at, mark := len(rest), -1
		for i, m := range marks {
			if found := bytes.Index(rest, []byte(m.text)); found >= 0 && found < at {
				at, mark = found, i
			}
		}
		t.pieces = append(t.pieces, piece{rest[:at], mark})
		if mark < 0 {
			break
		}
		rest = rest[at+len(marks[mark].text):]
	}
	if len(t.pieces) <= len(marks) {
		return t, fmt.Errorf("the event has %d places for ids, fewer than there are kinds of them", len(t.pieces)-1)
	}
	return t, nil
}

// appendBody appends the nth event's body.
func (t template) appendBody(dst []byte, n int64) []byte {
	for _, p := range t.pieces {
		dst = append(dst, p.text...)
		if p.mark >= 0 {
			dst = marks[p.mark].id(dst, n)
		}
	}
	return dst
}

// signer makes Stripe-Signature headers. It is for one goroutine: its HMAC is used again and again, and a
// header is good until the next.
type signer struct {
	mac    hash.Hash
	sum    []byte
	header []byte
}

func newSigner(secret string) *signer { return &signer{mac: hmac.New(sha256.New, []byte(secret))} }

func (s *signer) sign(unix int64, body []byte) []byte {
	s.header = strconv.AppendInt(append(s.header[:0], "t="...), unix, 10)
	s.mac.Reset()
	s.mac.Write(s.header[len("t="):])
	s.mac.Write([]byte{'.'})
	s.mac.Write(body)
	s.sum = s.mac.Sum(s.sum[:0])
	s.header = hex.AppendEncode(append(s.header, ",v1="...), s.sum)
	return s.header
}
