package main

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
)

const (
	webhookSecret = "whsec_bench"
	forgersSecret = "whsec_forger"
)

// The ids of the nth event, in SQL. Event ids and payment intent ids ascend, as Stripe's do. A session id is random, and a
// booking id has n in it. pgbench and the code that loads the bookings make the same ids in SQL, so that all servers insert
// in the same places of an index. The random id is an MD5 sum because PostgreSQL has a function for it.
const (
	eventIDSQL   = `'evt_1' || lpad((%s)::text, 16, '0')`
	intentIDSQL  = `'pi_3' || lpad((%s)::text, 16, '0')`
	sessionIDSQL = `'cs_test_' || md5((%s)::text)`
	bookingIDSQL = `('00000000-0000-4000-8000-' || lpad((%s)::text, 12, '0'))::uuid`
)

// placeholders are the texts of the template that each delivery replaces by an id, and the functions that make the ids.
var placeholders = []struct {
	text string
	id   func(dst []byte, n int64) []byte
}{
	{"evt_bench_placeholder", func(dst []byte, n int64) []byte { return appendPadded(append(dst, "evt_1"...), n, 16) }},
	{"pi_bench_placeholder", func(dst []byte, n int64) []byte { return appendPadded(append(dst, "pi_3"...), n, 16) }},
	{"cs_bench_placeholder", func(dst []byte, n int64) []byte {
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

// template is the body of a real event, split at its placeholders. A delivery's body is a copy of its pieces.
type template struct {
	pieces []piece
}

// piece is a part of the text and the index of the placeholder after it, or -1.
type piece struct {
	text        []byte
	placeholder int
}

// newTemplate uses an event of package hookproof's fixtures, because it has the shape and the size of Stripe's events.
func newTemplate() (template, error) {
	e, err := life.Payment.New("checkout.session.completed", event.Subject{
		"paymentIntent": placeholders[1].text, "sessionId": placeholders[2].text, "clientReferenceId": placeholders[3].text,
		"metadata.bookingId": placeholders[3].text, "amount": price, "currency": "usd",
	})
	if err != nil {
		return template{}, err
	}
	rest := []byte(strings.ReplaceAll(string(e.Body), e.ID, placeholders[0].text))
	var t template
	for {
		at, placeholder := len(rest), -1
		for i, m := range placeholders {
			if found := bytes.Index(rest, []byte(m.text)); found >= 0 && found < at {
				at, placeholder = found, i
			}
		}
		t.pieces = append(t.pieces, piece{rest[:at], placeholder})
		if placeholder < 0 {
			break
		}
		rest = rest[at+len(placeholders[placeholder].text):]
	}
	if len(t.pieces) <= len(placeholders) {
		return t, fmt.Errorf("the event has %d ids, fewer than there are placeholders", len(t.pieces)-1)
	}
	return t, nil
}

// appendBody appends the body of the nth event.
func (t template) appendBody(dst []byte, n int64) []byte {
	for _, p := range t.pieces {
		dst = append(dst, p.text...)
		if p.placeholder >= 0 {
			dst = placeholders[p.placeholder].id(dst, n)
		}
	}
	return dst
}
