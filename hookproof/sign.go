package hookproof

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
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

// signed is what is sent: the header's value, nil for no header, and the body; and what was signed.
type signed struct {
	header *string
	body   []byte
	over   []byte
}

// way is one way to sign, as data: a delivery is signed by it, and the shell's line that sends the same again. What is
// genuine must be accepted, anything else refused.
type signing struct {
	genuine bool
	header  string // with {t} and {KEY} in it, KEY being one of keys: a signature by that
	none    bool   // there is no header at all
	at      int64  // {t}, in seconds from now
	before  int64  // how many seconds before {t} the signature is made for
	letters int    // of the signature that are left; 0 is all
	alters  altered
}

// altered is which body is not the event's own, but tampered.
type altered int

const (
	neither altered = iota
	theSent
	theSigned
)

const minute = int64(time.Minute / time.Second)

// ways are the words for how a delivery is signed; fixtures' FORMAT.md describes them.
var signings = map[string]signing{
	"genuine":          {genuine: true, header: "t={t},v1={own}"},
	"previous-secret":  {genuine: true, header: "t={t},v1={previous}"},
	"several-v1":       {genuine: true, header: "t={t},v1={other},v1={own}"},
	"several-v1-first": {genuine: true, header: "t={t},v1={own},v1={other}"},
	"other-schemes":    {genuine: true, header: "t={t},v0={other},v1={own},v2=00"},
	"old-in-time":      {genuine: true, header: "t={t},v1={own}", at: -4 * minute},

	"wrong-secret":     {header: "t={t},v1={wrong}"},
	"empty-secret":     {header: "t={t},v1={empty}"},
	"no-header":        {none: true},
	"empty-header":     {header: ""},
	"malformed-header": {header: "{own}"},
	"no-timestamp":     {header: "v1={own}"},
	"no-signature":     {header: "t={t}"},
	"v0-only":          {header: "t={t},v0={own}"},
	"truncated":        {header: "t={t},v1={own}", letters: 62},
	"tampered-body":    {header: "t={t},v1={own}", alters: theSent},
	"other-body":       {header: "t={t},v1={own}", alters: theSigned},
	"re-timed":         {header: "t={t},v1={own}", before: minute},
	"stale":            {header: "t={t},v1={own}", at: -6 * minute},
	"future":           {header: "t={t},v1={own}", at: 6 * minute},
}

// keys are what ways sign with, by the name in their headers.
var keys = map[string]func(signer) string{
	"own":      func(s signer) string { return s.secret },
	"previous": func(s signer) string { return s.previous },
	"other":    func(signer) string { return "whsec_other" },
	"wrong":    func(signer) string { return "whsec_wrong" },
	"empty":    func(signer) string { return "" },
}

var headerPart = regexp.MustCompile(`\{(\w+)\}`)

// fill puts what is known by its name in the place of each {name} of the way's header.
func (w signing) fill(value func(name string) string) string {
	return headerPart.ReplaceAllStringFunc(w.header, func(part string) string { return value(part[1 : len(part)-1]) })
}

func (w signing) sign(s signer) signed {
	out, t := signed{body: s.body, over: s.body}, s.now+w.at
	switch w.alters {
	case theSent:
		out.body = tampered(s.body)
	case theSigned:
		out.over = tampered(s.body)
	}
	if w.none {
		return out
	}
	header := w.fill(func(name string) string {
		if name == "t" {
			return strconv.FormatInt(t, 10)
		}
		signature := Signature(keys[name](s), t-w.before, out.over)
		return signature[:cmp.Or(w.letters, len(signature))]
	})
	out.header = &header
	return out
}

// tampered is a body with one byte changed that leaves it the same JSON: a space more.
func tampered(body []byte) []byte {
	if at := bytes.IndexByte(body, ':'); at >= 0 {
		return replace(body, span{at + 1, at + 1}, []byte(" "))
	}
	return append([]byte(" "), body...)
}
