package run

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// show puts deliveries into a finding, in the order in which they were sent.
func show(f *result.Finding, deliveries []target.Delivery, secrets []string) {
	deliveries = slices.Clone(deliveries)
	slices.SortStableFunc(deliveries, func(a, b target.Delivery) int { return a.SentAt.Compare(b.SentAt) })
	f.Timeline, f.Requests = nil, nil
	known := map[string]int{}
	for _, d := range deliveries {
		sent := result.Sent{
			At: result.MillisOf(d.SentAt.Sub(deliveries[0].SentAt)), Event: d.Label, Type: d.EventType, ID: d.EventID, Sign: d.Sign,
			Status: d.Status, Latency: result.MillisOf(d.Latency), Fault: d.Fault, Done: d.Done,
		}
		if d.Err != nil {
			sent.Error = target.Plainly(d.Err)
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

// confidential matches the names of headers whose values no report may have.
var confidential = regexp.MustCompile(`(?i)auth|token|key|secret|cookie`)

var noName = regexp.MustCompile(`[^a-z0-9]+`)

// requestOf returns what a delivery has sent, and the command that sends it again.
func requestOf(number int, d target.Delivery, secrets []string) result.Request {
	name := strings.Trim(noName.ReplaceAllString(strings.ToLower(life.SpecOf(d.Label)), "-"), "-")
	masked := func(text string) string {
		for _, secret := range secrets {
			if len(secret) >= shortestMasked && !target.MereWord.MatchString(secret) {
				text = strings.ReplaceAll(text, secret, "•••")
			}
		}
		return target.MaskedKeys(text)
	}
	q := result.Request{Name: fmt.Sprintf("%d-%s", number, name), URL: masked(d.URL), Sign: d.Sign, Type: d.EventType, Header: d.Header, Body: masked(string(d.Body))}
	q.Masked = q.Body != string(d.Body) || q.URL != d.URL
	var beside []string
	for _, name := range slices.Sorted(maps.Keys(d.Headers)) {
		value := masked(d.Headers[name])
		if confidential.MatchString(name) {
			value = "•••"
		}
		q.Masked = q.Masked || value != d.Headers[name]
		beside = append(beside, name+": "+value)
	}
	q.Curl = curl(q.URL, event.Signings[d.Sign], q.Body, masked(string(d.Over)), beside)
	return q
}

// shortestMasked is how long a secret must be to be masked in a body. A body may hold a shorter text by chance.
const shortestMasked = 8

// shellKeys are openssl's options for the keys that signings use, and the variable that must be set for them. openssl takes no
// empty key. HMAC fills a key up with zeros, so a key of one zero has the same effect.
var shellKeys = map[string]struct{ options, variable string }{
	"own":      {`-hmac "$` + result.SecretVariable + `"`, result.SecretVariable},
	"previous": {`-hmac "$` + result.PreviousSecretVariable + `"`, result.PreviousSecretVariable},
	"connect":  {`-hmac "$` + result.ConnectSecretVariable + `"`, result.ConnectSecretVariable},
	"other":    {"-hmac whsec_other", ""},
	"wrong":    {"-hmac whsec_wrong", ""},
	"empty":    {"-mac HMAC -macopt hexkey:00", ""},
}

// curl returns a command for a POSIX shell that sends a body, signed when the command runs. over is what is signed; beside are
// headers in addition to Stripe's.
func curl(url string, w event.Signing, body, over string, beside []string) string {
	var needed []string
	header := w.Fill(func(name string) string {
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
		add("t=$(($(date +%%s)%+d))", w.At)
	}
	if strings.Contains(header, "$(sign") {
		letters := cmp.Or(w.Letters, 2*sha256.Size)
		add(`sign() { printf '%%s.%%s' "$((t%+d))" "%s" | openssl dgst -sha256 -r "$@" | cut -c 1-%d; }`, -w.Before, signs, letters)
	}
	option := ` -H "` + w.Spelled() + `: ` + header + `"`
	switch {
	case w.None:
		option = ""
	case header == "":
		option = " -H '" + w.Spelled() + ";'"
	}
	for _, header := range beside {
		option += " -H " + result.Quoted(header)
	}
	add(`printf '%%s' "$body" | curl -sS -i --data-binary @- -H 'Expect:' -H %s -A %s%s %s`,
		result.Quoted("Content-Type: "+target.ContentType), result.Quoted(target.UserAgent), option, result.Quoted(url))
	return strings.Join(append(lines, ")"), "\n")
}

// manySpaces matches more spaces than anybody counts.
var manySpaces = regexp.MustCompile(` {64,}`)

// shellText quotes a text for a shell, byte for byte. It survives being copied from a page.
func shellText(text string) string {
	quoted := "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	quoted = manySpaces.ReplaceAllStringFunc(quoted, func(spaces string) string {
		return fmt.Sprintf(`'"$(printf '%%%ds' '')"'`, len(spaces))
	})
	return strings.ReplaceAll(quoted, "\r", `'"$r"'`)
}
