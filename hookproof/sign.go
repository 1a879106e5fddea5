package hookproof

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// Signature is Stripe's v1 signature of a body: HMAC-SHA256 over "<t>.<body>", in hex.
// https://docs.stripe.com/webhooks#verify-manually
func Signature(secret string, t int64, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(strconv.FormatInt(t, 10)))
	mac.Write([]byte("."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// signer is what a way of signing has to work with.
type signer struct {
	secret, previous string
	now              int64
	body             []byte
}

// v1 is a good signature made at t.
func (s signer) v1(t int64) string { return Signature(s.secret, t, s.body) }

// signed is what is sent: the header's value, nil for no header, and the body.
type signed struct {
	header *string
	body   []byte
}

func (s signer) header(format string, args ...any) signed {
	header := fmt.Sprintf(format, args...)
	return signed{&header, s.body}
}

// way is one way to sign. What is genuine must be accepted, anything else refused.
type way struct {
	genuine bool
	sign    func(signer) signed
}

const minute = int64(time.Minute / time.Second)

// ways are the words for how a delivery is signed; fixtures' FORMAT.md describes them.
var ways = map[string]way{
	"genuine": {true, func(s signer) signed { return s.header("t=%d,v1=%s", s.now, s.v1(s.now)) }},
	"previous-secret": {true, func(s signer) signed {
		return s.header("t=%d,v1=%s", s.now, Signature(s.previous, s.now, s.body))
	}},
	"several-v1": {true, func(s signer) signed {
		return s.header("t=%d,v1=%s,v1=%s", s.now, Signature("whsec_other", s.now, s.body), s.v1(s.now))
	}},
	"several-v1-first": {true, func(s signer) signed {
		return s.header("t=%d,v1=%s,v1=%s", s.now, s.v1(s.now), Signature("whsec_other", s.now, s.body))
	}},
	"other-schemes": {true, func(s signer) signed {
		return s.header("t=%d,v0=%s,v1=%s,v2=%s", s.now, Signature("whsec_other", s.now, s.body), s.v1(s.now), "00")
	}},
	"old-in-time": {true, func(s signer) signed {
		return s.header("t=%d,v1=%s", s.now-4*minute, s.v1(s.now-4*minute))
	}},

	"wrong-secret": {false, func(s signer) signed {
		return s.header("t=%d,v1=%s", s.now, Signature("whsec_wrong", s.now, s.body))
	}},
	"empty-secret": {false, func(s signer) signed { return s.header("t=%d,v1=%s", s.now, Signature("", s.now, s.body)) }},
	"no-header":    {false, func(s signer) signed { return signed{nil, s.body} }},
	"empty-header": {false, func(s signer) signed { return s.header("") }},
	"malformed-header": {false, func(s signer) signed {
		return s.header("%s", s.v1(s.now))
	}},
	"no-timestamp": {false, func(s signer) signed { return s.header("v1=%s", s.v1(s.now)) }},
	"no-signature": {false, func(s signer) signed { return s.header("t=%d", s.now) }},
	"v0-only":      {false, func(s signer) signed { return s.header("t=%d,v0=%s", s.now, s.v1(s.now)) }},
	"truncated": {false, func(s signer) signed {
		return s.header("t=%d,v1=%s", s.now, s.v1(s.now)[:62])
	}},
	"tampered-body": {false, func(s signer) signed {
		sent := s.header("t=%d,v1=%s", s.now, s.v1(s.now))
		sent.body = tampered(s.body)
		return sent
	}},
	"other-body": {false, func(s signer) signed {
		return s.header("t=%d,v1=%s", s.now, Signature(s.secret, s.now, tampered(s.body)))
	}},
	"re-timed": {false, func(s signer) signed { return s.header("t=%d,v1=%s", s.now, s.v1(s.now-minute)) }},
	"stale": {false, func(s signer) signed {
		return s.header("t=%d,v1=%s", s.now-6*minute, s.v1(s.now-6*minute))
	}},
	"future": {false, func(s signer) signed {
		return s.header("t=%d,v1=%s", s.now+6*minute, s.v1(s.now+6*minute))
	}},
}

// tampered is a body with one byte changed that leaves it the same JSON: a space more.
func tampered(body []byte) []byte {
	if at := bytes.IndexByte(body, ':'); at >= 0 {
		return replace(body, span{at + 1, at + 1}, []byte(" "))
	}
	return append([]byte(" "), body...)
}
