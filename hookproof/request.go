package hookproof

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Request is what deliveries of a finding have sent: one for all that sent the same body, signed in the same way.
type Request struct {
	Name   string `json:"name"` // 1-paid: its number in the finding, and its event's name
	URL    string `json:"url"`
	Sign   string `json:"sign"`
	Type   string `json:"type,omitempty"`   // Stripe's type of the event; "" where the body is none
	Header string `json:"header,omitempty"` // Stripe-Signature, as sent first
	Body   string `json:"body"`             // byte for byte, unless Masked
	Masked bool   `json:"masked,omitempty"` // a secret that was in it is •••
	// Curl is a command for a shell that sends the same body, signed now in the same way with the secret that is in
	// HOOKPROOF_SECRET.
	Curl string `json:"curl"`
}

// show puts deliveries into a finding, in the order in which they were sent: copies that overlap are kept as they were
// meant to be sent.
func (f *Finding) show(deliveries []Delivery, secrets []string) {
	deliveries = slices.Clone(deliveries)
	slices.SortStableFunc(deliveries, func(a, b Delivery) int { return a.SentAt.Compare(b.SentAt) })
	f.Timeline, f.Requests = nil, nil
	known := map[string]int{}
	for _, d := range deliveries {
		sent := Sent{
			At: millis(d.SentAt.Sub(deliveries[0].SentAt)), Event: d.Label, Type: d.EventType, ID: d.EventID, Sign: d.Sign,
			Status: d.Status, Latency: millis(d.Latency), Fault: d.Fault,
		}
		if d.Err != nil {
			sent.Error = plainly(d.Err)
		}
		if d.Label != "" { // else it is no delivery, but what was done between two
			key := d.URL + "\x00" + d.Sign + "\x00" + string(d.Body)
			if known[key] == 0 {
				f.Requests = append(f.Requests, requestOf(len(f.Requests)+1, d, secrets))
				known[key] = len(f.Requests)
			}
			sent.Request = known[key]
		}
		f.Timeline = append(f.Timeline, sent)
	}
}

// confidential are headers whose values no report may have.
var confidential = regexp.MustCompile(`(?i)auth|token|key|secret|cookie`)

var noName = regexp.MustCompile(`[^a-z0-9]+`)

// requestOf is what a delivery has sent, and how to send it again.
func requestOf(number int, d Delivery, secrets []string) Request {
	name := strings.Trim(noName.ReplaceAllString(strings.ToLower(specOf(d.Label)), "-"), "-")
	masked := func(text string) string {
		for _, secret := range secrets {
			if len(secret) >= shortestMasked && !mereWord.MatchString(secret) {
				text = strings.ReplaceAll(text, secret, "•••")
			}
		}
		return maskedKeys(text)
	}
	q := Request{Name: fmt.Sprintf("%d-%s", number, name), URL: d.URL, Sign: d.Sign, Type: d.EventType, Header: d.Header, Body: masked(string(d.Body))}
	q.Masked = q.Body != string(d.Body)
	var beside []string
	for _, name := range slices.Sorted(maps.Keys(d.headers)) {
		value := masked(d.headers[name])
		if confidential.MatchString(name) {
			value = "•••"
		}
		q.Masked = q.Masked || value != d.headers[name]
		beside = append(beside, name+": "+value)
	}
	q.Curl = curl(d.URL, signings[d.Sign], q.Body, masked(string(d.over)), beside)
	return q
}

// shortestMasked is how long a secret must be to be looked for in a body, which may hold any short text by chance.
const shortestMasked = 8

// What is sent with every delivery.
const (
	contentType = "application/json; charset=utf-8"
	userAgent   = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
)

// shellKeys are openssl's options for what ways sign with, and the variable that must be set for them. HMAC fills a key
// up with zeros, so one zero is the empty key, which openssl does not take.
var shellKeys = map[string]struct{ options, variable string }{
	"own":      {`-hmac "$` + SecretVariable + `"`, SecretVariable},
	"previous": {`-hmac "$` + PreviousSecretVariable + `"`, PreviousSecretVariable},
	"other":    {"-hmac whsec_other", ""},
	"wrong":    {"-hmac whsec_wrong", ""},
	"empty":    {"-mac HMAC -macopt hexkey:00", ""},
}

// curl is a command for a POSIX shell that sends a body, signed by a way when it is run. over is what is signed,
// beside are headers beside Stripe's.
func curl(url string, w signing, body, over string, beside []string) string {
	var needed []string
	header := w.fill(func(name string) string {
		if name == "t" {
			return "$t"
		}
		key := shellKeys[name]
		if key.variable != "" {
			needed = append(needed, fmt.Sprintf(`: "${%s:?put the signing secret of the endpoint into it}"`, key.variable))
		}
		return "$(sign " + key.options + ")"
	})
	lines := append([]string{"("}, needed...)
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if strings.Contains(body, "\r") {
		add(`r=$(printf '\r')`)
	}
	add("body=%s", shellText(body))
	signs := "$body"
	if over != body {
		add("signed=%s", shellText(over))
		signs = "$signed"
	}
	if strings.Contains(header, "$") {
		add("t=$(($(date +%%s)%+d))", w.at)
	}
	if strings.Contains(header, "$(sign") {
		letters := cmp.Or(w.letters, 2*sha256.Size)
		add(`sign() { printf '%%s.%%s' "$((t%+d))" "%s" | openssl dgst -sha256 -r "$@" | cut -c 1-%d; }`, -w.before, signs, letters)
	}
	option := ` -H "Stripe-Signature: ` + header + `"`
	switch {
	case w.none:
		option = ""
	case header == "":
		option = " -H 'Stripe-Signature;'"
	}
	for _, header := range beside {
		option += " -H " + quoted(header)
	}
	add(`printf '%%s' "$body" | curl -sS -i --data-binary @- -H 'Expect:' -H %s -A %s%s %s`,
		quoted("Content-Type: "+contentType), quoted(userAgent), option, quoted(url))
	return strings.Join(append(lines, ")"), "\n")
}

// manySpaces are more than anybody counts.
var manySpaces = regexp.MustCompile(` {64,}`)

// shellText is a text as a shell takes it, byte for byte, also after it was copied from a page.
func shellText(text string) string {
	quoted := "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	quoted = manySpaces.ReplaceAllStringFunc(quoted, func(spaces string) string {
		return fmt.Sprintf(`'"$(printf '%%%ds' '')"'`, len(spaces))
	})
	return strings.ReplaceAll(quoted, "\r", `'"$r"'`)
}
