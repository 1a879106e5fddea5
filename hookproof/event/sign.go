package event

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Signature returns Stripe's v1 signature of a body: HMAC-SHA256 over "<t>.<body>", in hex.
// https://docs.stripe.com/webhooks#verify-manually
func Signature(secret string, t int64, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(strconv.FormatInt(t, 10)))
	mac.Write([]byte("."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Signer is the input of a signing.
type Signer struct {
	Secret, Previous string
	Connect, Account string // of the endpoint for connected accounts: its secret, and an account that is known
	Now              int64
	Body             []byte
}

// Signed is what is sent, and what was signed. A nil Header is no header.
type Signed struct {
	Name   string // of the header, as it is spelled
	Header *string
	Body   []byte
	Over   []byte
}

// Signing is one way to sign, as data. Deliveries use it, and so do the shell commands that send the same again. A genuine signing
// must be accepted, any other refused.
type Signing struct {
	Genuine bool
	Name    string // another spelling of the header's name; "" is HeaderName
	header  string // with {t}, and with {KEY} for a signature; KEY is one of keys
	None    bool   // there is no Stripe-Signature header
	At      int64  // {t}, in seconds from now
	Before  int64  // the signature is made for this many seconds before {t}
	Letters int    // how many letters of the signature are left; 0 is all
	alters  altered
	account account
}

// account is whose event it is: the platform's own, that of a connected account, or of one that nobody knows. Stripe puts the account's
// id into the event: https://docs.stripe.com/connect/webhooks
type account int

const (
	platform account = iota
	connected
	unknown
)

// unknownAccount is the id of an account that no target knows.
const unknownAccount = "acct_1HookproofUnknown0"

// of returns an event's body with the account's id.
func (a account) of(s Signer) []byte {
	id := map[account]string{connected: s.Account, unknown: unknownAccount}[a]
	if id == "" {
		return s.Body
	}
	body, err := Put(s.Body, "/account", id)
	if err != nil { // it is no event
		return s.Body
	}
	return body
}

// Of returns an event's body as it is sent with the signing, before any tampering: with the id of the account whose event it is. account is the
// connected account that is known.
func (w Signing) Of(body []byte, account string) []byte {
	return w.account.of(Signer{Body: body, Account: account})
}

// altered is which body is tampered with: none, the one that is sent, or the one that is signed.
type altered int

const (
	neither altered = iota
	theSent
	theSigned
)

// HeaderName is the name of the header, as Stripe spells it.
const HeaderName = "Stripe-Signature"

const Minute = int64(time.Minute / time.Second)

// Signings are all signings by their names in schedules; fixtures/FORMAT.md describes them.
var Signings = map[string]Signing{
	"genuine":          {Genuine: true, header: "t={t},v1={own}"},
	"previous-secret":  {Genuine: true, header: "t={t},v1={previous}"},
	"several-v1":       {Genuine: true, header: "t={t},v1={other},v1={own}"},
	"several-v1-first": {Genuine: true, header: "t={t},v1={own},v1={other}"},
	"other-schemes":    {Genuine: true, header: "t={t},v0={other},v1={own},v2=00"},
	"old-in-time":      {Genuine: true, header: "t={t},v1={own}", At: -4 * Minute},
	"lower-case-name":  {Genuine: true, header: "t={t},v1={own}", Name: "stripe-signature"},
	"upper-case-name":  {Genuine: true, header: "t={t},v1={own}", Name: "STRIPE-SIGNATURE"},
	"spaced-header":    {Genuine: true, header: "t={t}, v1={own}"},
	"connect":          {Genuine: true, header: "t={t},v1={connect}", account: connected},
	"unknown-account":  {Genuine: true, header: "t={t},v1={connect}", account: unknown},
	"platform-secret":  {Genuine: true, header: "t={t},v1={own}", account: connected},

	"wrong-secret":     {header: "t={t},v1={wrong}"},
	"empty-secret":     {header: "t={t},v1={empty}"},
	"no-header":        {None: true},
	"empty-header":     {header: ""},
	"malformed-header": {header: "{own}"},
	"no-timestamp":     {header: "v1={own}"},
	"no-signature":     {header: "t={t}"},
	"v0-only":          {header: "t={t},v0={own}"},
	"truncated":        {header: "t={t},v1={own}", Letters: 62},
	"tampered-body":    {header: "t={t},v1={own}", alters: theSent},
	"other-body":       {header: "t={t},v1={own}", alters: theSigned},
	"re-timed":         {header: "t={t},v1={own}", Before: Minute},
	"stale":            {header: "t={t},v1={own}", At: -6 * Minute},
	"future":           {header: "t={t},v1={own}", At: 6 * Minute},
}

// keys are the secrets that a signing's header can name.
var keys = map[string]func(Signer) string{
	"own":      func(s Signer) string { return s.Secret },
	"previous": func(s Signer) string { return s.Previous },
	"connect":  func(s Signer) string { return s.Connect },
	"other":    func(Signer) string { return "whsec_other" },
	"wrong":    func(Signer) string { return "whsec_wrong" },
	"empty":    func(Signer) string { return "" },
}

// Fill replaces each {name} in the signing's header.
func (w Signing) Fill(value func(name string) string) string {
	var filled strings.Builder
	for rest := w.header; rest != ""; {
		text, part, _ := strings.Cut(rest, "{")
		name, after, is := strings.Cut(part, "}")
		filled.WriteString(text)
		if is {
			filled.WriteString(value(name))
		}
		rest = after
	}
	return filled.String()
}

// Needs reports whether the signing's header is made with a key, such as previous or connect.
func (w Signing) Needs(key string) bool { return strings.Contains(w.header, "{"+key+"}") }

// HasAccount reports whether the event is an account's, and not the platform's own.
func (w Signing) HasAccount() bool { return w.account != platform }

// Spelled returns the name of the header as the signing spells it.
func (w Signing) Spelled() string { return cmp.Or(w.Name, HeaderName) }

func (w Signing) Sign(s Signer) Signed {
	s.Body = w.account.of(s)
	out, t := Signed{Name: w.Spelled(), Body: s.Body, Over: s.Body}, s.Now+w.At
	switch w.alters {
	case theSent:
		out.Body = tampered(s.Body)
	case theSigned:
		out.Over = tampered(s.Body)
	}
	if w.None {
		return out
	}
	header := w.Fill(func(name string) string {
		if name == "t" {
			return strconv.FormatInt(t, 10)
		}
		signature := Signature(keys[name](s), t-w.Before, out.Over)
		return signature[:cmp.Or(w.Letters, len(signature))]
	})
	out.Header = &header
	return out
}

// tampered returns a body with one more space: the same JSON in other bytes.
func tampered(body []byte) []byte {
	if at := bytes.IndexByte(body, ':'); at >= 0 {
		return Replace(body, Span{at + 1, at + 1}, []byte(" "))
	}
	return append([]byte(" "), body...)
}

func OrGenuine(sign string) string {
	if sign == "" {
		return "genuine"
	}
	return sign
}
