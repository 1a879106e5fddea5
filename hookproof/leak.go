package hookproof

import (
	"regexp"
	"strconv"
	"strings"
)

// insides are what an answer shows only of a program that tells a caller of its inside.
var insides = regexp.MustCompile(`Traceback \(most recent|goroutine \d+ \[|panic: |\bat .{1,200}\.[cm]?[jt]sx?:\d+|\bat [\w.$]+\([\w]+\.java:\d+\)|` +
	`\.rb:\d+:in |\.php(:| on line )\d+|SQLSTATE|pq: |PG::|psycopg|ECONNREFUSED|/node_modules/|(?i)stack ?trace|syntax error at or near|violates unique constraint|` +
	`Cannot read propert(y|ies) .{0,40}of (null|undefined)|'NoneType' object|nil pointer dereference|NullPointerException|undefined method .{1,40} for nil|on null in `)

// credentials are other secrets than the target's own, as long as real ones are, and not masked as in Stripe's own messages.
var credentials = regexp.MustCompile(`\b(?:whsec|sk_test|rk_test|sk_live|rk_live)_[\w+/=]{16,}|://[^\s/:@"'<>]*:[^\s/@"'<>]*[^\s/@"'<>*•.xX][^\s/@"'<>]*@`)

// mereWord is a secret that may be a word of the language, which an answer can say without knowing of it.
var mereWord = regexp.MustCompile(`^\pL{1,12}$`)

// secrets are what is hidden of those in what is quoted: Stripe's keys, and the password in an address.
var secrets = regexp.MustCompile(`\b((?:whsec|sk_test|rk_test|sk_live|rk_live)_)[\w+/=]+|(://[^\s/:@]*:)[^\s/@]+(@)`)

func noLeak(j Journaled) Sighting {
	s := j.none("showed the target's inside", func(d Delivery) bool { return j.leak(d.Answer) != "" })
	if len(s.Deliveries) > 0 {
		s.Why += ": " + j.leak(s.Deliveries[0].Answer)
	}
	return s
}

// leak quotes what an answer shows of the target's inside, or is "".
func (j Journaled) leak(answer string) string {
	at := -1
	for _, secret := range j.Secrets {
		if found := strings.Index(answer, secret); found >= 0 && (at < 0 || found < at) && !mereWord.MatchString(secret) {
			at = found
		}
	}
	if found := credentials.FindStringIndex(answer); at < 0 && found != nil {
		at = found[0]
	}
	if found := insides.FindStringIndex(answer); at < 0 && found != nil {
		at = found[0]
	}
	if at < 0 {
		return ""
	}
	// Hidden first, so that the end of the excerpt does not leave half a secret that nobody knows for one.
	return excerpt(j.hide(answer[:at]), j.hide(answer[at:]))
}

// secrets are what the target verifies with.
func (t *Target) secrets() []string {
	if t.PreviousSecret == "" {
		return []string{t.Secret}
	}
	return []string{t.Secret, t.PreviousSecret}
}

// maskedKeys is a text without the keys and passwords that are known by their form.
func maskedKeys(text string) string { return secrets.ReplaceAllString(text, "${1}${2}•••${3}") }

// hide puts a dot in the place of what is secret.
func (j Journaled) hide(text string) string {
	for _, secret := range j.Secrets {
		text = strings.ReplaceAll(text, secret, "•••")
	}
	return maskedKeys(text)
}

// How much of an answer is quoted before the place where it shows something, and from there, in letters.
const (
	quotedBefore = 40
	quotedAfter  = 120
)

// excerpt quotes the end of one text and the beginning of the next, in one line.
func excerpt(before, after string) string {
	lead, rest := []rune(before), []rune(after)
	cut := string(lead[max(0, len(lead)-quotedBefore):]) + string(rest[:min(quotedAfter, len(rest))])
	quoted := strconv.Quote(strings.Join(strings.Fields(cut), " "))
	if len(rest) > quotedAfter {
		quoted += "…"
	}
	return quoted
}
