package target

import (
	"html"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// leakPattern is a text by which an answer shows the internals of a program. A text without the hint shows nothing, which is quick to
// check. Near a hint, the pattern is searched.
type leakPattern struct {
	hint    string // in lower case
	pattern *regexp.Regexp
}

// leakPatterns are texts that a language, a framework or a database writes.
var leakPatterns = compileHints(map[string]string{
	"traceback (most recent": `(?i)traceback \(most recent`, `.py`: `File "?[^\n"<>]+\.py"?,\s+line \d+`, "'nonetype' object": `'NoneType' object`, // Python
	"werkzeug debugger": `Werkzeug Debugger`, "evalex": `\bEVALEX\b`, // Flask
	"seeing this error because you": `You're seeing this error because you`,                                                              // Django, Rack, Sinatra
	".rb:":                          `\.rb:\d+:in `, "undefined method": `undefined method .+ for nil`, "rails.root": `\bRails\.root: /`, // Ruby
	"js:": `\bat .+\.[cm]?js:\d+`, "jsx:": `\bat .+\.jsx:\d+`, "ts:": `\bat .+\.[cm]?ts:\d+`, "tsx:": `\bat .+\.tsx:\d+`, // JavaScript
	"/node_modules/": `/node_modules/`, "cannot read propert": `Cannot read propert(?:y|ies) .*of (?:null|undefined)`, "econnrefused": `ECONNREFUSED`,
	".php": `\.php(?::| on line | \(line )\d+`, `file":`: `"(?:relative_)?file": ?"[^"\n]+\.\w{1,5}", ?"line(?:_number)?": ?\d+`, // PHP
	"on null in ": `on null in `,
	"goroutine ":  `goroutine \d+ \[`, "panic: ": `panic: `, "nil pointer": `nil pointer dereference`, // Go
	".java:": `\bat [\w.$/@<>]+\(\w+\.java:\d+\)`, ".kt:": `\bat [\w.$/@<>]+\(\w+\.kt:\d+\)`, ".scala:": `\bat [\w.$/@<>]+\(\w+\.scala:\d+\)`, // the JVM
	"nullpointerexception": `NullPointerException`, "java.": `\bjava\.[a-z.]+\.\w+(?:Exception|Error)\b`, "jakarta.": `\bjakarta\.[a-z.]+\.\w+(?:Exception|Error)\b`,
	":line ": `\.(?:cs|vb|fs):line \d+`, "system.": `\bSystem\.[\w.]*Exception\b`, "object reference": `Object reference not set to an instance`, // .NET
	".ex:": `\.ex:\d+: `, ".exs:": `\.exs:\d+: `, "** (": `\*\* \(\w[\w.]*Error\) `, // Elixir
	"panicked at ": `\bpanicked at `,                                                     // Rust
	"sqlstate":     `SQLSTATE`, "pq: ": `\bpq: `, "pg::": `\bPG::`, "psycopg": `psycopg`, // databases
	"syntax error at": `(?i)syntax error at or near`, "violates unique": `(?i)violates unique constraint`,
	"stack trace": `(?i)stack trace`, "stacktrace": `(?i)stacktrace`,
})

// credentials are other secrets than the target's: as long as real ones, and not masked as in Stripe's messages.
var credentials = compileHints(map[string]string{
	"whsec_": `\bwhsec_[\w+/=]{16,}`, "k_test_": `\b[sr]k_test_[\w+/=]{16,}`, "k_live_": `\b[sr]k_live_[\w+/=]{16,}`,
	"://": `://[^\s/:@"'<>]*:[^\s/@"'<>]*[^\s/@"'<>*•.xX][^\s/@"'<>]*@`,
})

func compileHints(patterns map[string]string) []leakPattern {
	var list []leakPattern
	for _, hint := range slices.Sorted(maps.Keys(patterns)) {
		list = append(list, leakPattern{hint, regexp.MustCompile(patterns[hint])})
	}
	return list
}

// around is how far from its hint a pattern is searched, in bytes.
const around = 300

// firstOf returns where a text first shows one of a list, or -1. lower is the text in lower case, of the same length.
func firstOf(list []leakPattern, text, lower string) int {
	at := -1
	for _, known := range list {
		for from := 0; from < len(lower) && (at < 0 || from < at+around); {
			hint := strings.Index(lower[from:], known.hint)
			if hint < 0 {
				break
			}
			begin := max(0, from+hint-around)
			window := text[begin:min(len(text), from+hint+len(known.hint)+around)]
			if found := known.pattern.FindStringIndex(window); found != nil {
				if at < 0 || begin+found[0] < at {
					at = begin + found[0]
				}
				break
			}
			from += hint + len(known.hint)
		}
	}
	return at
}

// lowered returns a text with its ASCII letters in lower case, of the same length.
func lowered(text string) string {
	lower := []byte(text)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower)
}

// MereWord matches a secret that may be an ordinary word: an answer may contain it by chance.
var MereWord = regexp.MustCompile(`^\pL{1,12}$`)

// secrets matches what is masked in quotations: Stripe's keys, and the password in an address.
var secrets = regexp.MustCompile(`\b((?:whsec|sk_test|rk_test|sk_live|rk_live)_)[\w+/=]+|(://[^\s/:@]*:)[^\s/@]+(@)`)

// inEveryKey are parts of Stripe's keys: there is none in a text that has none of them.
var inEveryKey = []string{"whsec_", "k_test_", "k_live_"}

// mayHavePassword reports whether a text may have an address with a password: an @ behind ://, with no space and no slash between them.
func mayHavePassword(text string) bool {
	for rest, is := text, true; is; {
		if _, rest, is = strings.Cut(rest, "://"); is {
			end := strings.IndexAny(rest, "@/ \t\n\f\r")
			if end >= 0 && rest[end] == '@' {
				return true
			}
		}
	}
	return false
}

// assigned matches secrets that follow their name on a debugger's page.
var assigned = regexp.MustCompile(`(?i)(\b\w*(?:secret|password|passwd|token|api_?key)\w*["']?\s*(?:=>|[:=])?\s*["'])[^"'\n]+`)

// Leak quotes what an answer shows of the target's internals; "" if it shows nothing.
func Leak(answer string, secrets []string) string {
	texts := []string{answer}
	if text := AsRead(answer); text != answer {
		texts = []string{text, answer}
	}
	for _, text := range texts {
		if at := leaksAt(text, secrets); at >= 0 {
			// Mask first: the end of the excerpt must not cut a secret in half, since a half is not recognized.
			before, after := text[max(0, at-near):at], text[at:min(len(text), at+near)]
			return excerpt(Hide(before, secrets), Hide(after, secrets))
		}
	}
	return ""
}

// leaksAt returns where a text first shows internals, or -1. The target's secret comes first, then other credentials, then the
// rest.
func leaksAt(text string, secrets []string) int {
	at := -1
	for _, secret := range secrets {
		if found := strings.Index(text, secret); found >= 0 && (at < 0 || found < at) && !MereWord.MatchString(secret) {
			at = found
		}
	}
	lower := lowered(text)
	for _, list := range [][]leakPattern{credentials, leakPatterns} {
		if at < 0 {
			at = firstOf(list, text, lower)
		}
	}
	return at
}

// blocks are the tags that end a line.
var blocks = strings.Fields("address article br div dd dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre section table td th tr ul")

var escapes = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, " ", `\t`, "\t", `\/`, "/", `\"`, `"`, `\u0027`, "'", `\u003c`, "<", `\u003e`, ">", "\u00a0", " ")

// AsRead returns an answer as a person reads it: without a page's tags, which stand between the words of a debugger's message, and
// without the escapes of HTML and JSON.
func AsRead(answer string) string {
	if text := withoutTags(answer); text != answer {
		answer = html.UnescapeString(text)
	}
	return escapes.Replace(answer)
}

// withoutTags returns a text without tags, comments and styles.
func withoutTags(text string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "<")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		ends := ">"
		switch name := tagName(rest); {
		case strings.HasPrefix(rest, "!--"):
			ends = "-->"
		case name == "style":
			ends = "</style>"
		case slices.Contains(blocks, name):
			out.WriteByte('\n')
		case name == "":
			out.WriteByte('<')
			text = rest
			continue
		}
		_, after, closed := strings.Cut(rest, ends)
		if !closed { // it was no tag
			out.WriteByte('<')
			after = rest
		}
		text = after
	}
}

// tagName returns the name of the tag at the beginning of a text, after its <, in lower case; "" if there is none.
func tagName(text string) string {
	text = strings.TrimPrefix(text, "/")
	end := strings.IndexFunc(text, func(r rune) bool {
		return r != '!' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
	if end <= 0 || text[0] >= '0' && text[0] <= '9' {
		return ""
	}
	return strings.ToLower(text[:end])
}

// Secrets returns the secrets with which the target verifies.
func (t *Target) Secrets() []string {
	return slices.DeleteFunc([]string{t.Secret, t.PreviousSecret, t.Connect.Secret}, func(secret string) bool { return secret == "" })
}

// MaskedKeys masks the keys and passwords that are known by their form.
func MaskedKeys(text string) string {
	if !mayHavePassword(text) && !slices.ContainsFunc(inEveryKey, func(part string) bool { return strings.Contains(text, part) }) {
		return text // most bodies have none, and are long
	}
	return secrets.ReplaceAllString(text, "${1}${2}•••${3}")
}

// Hide masks what is secret.
func Hide(text string, secrets []string) string {
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, "•••")
	}
	return assigned.ReplaceAllString(MaskedKeys(text), "${1}•••")
}

// How many letters of an answer are quoted before and after the place that shows internals, and in how many bytes around it
// secrets are masked.
const (
	near         = 4 << 10
	quotedBefore = 40
	quotedAfter  = 120
)

// excerpt quotes the end of one text and the beginning of the next in one line, starting at the beginning of a word.
func excerpt(before, after string) string {
	lead, rest := []rune(before), []rune(after)
	from := max(0, len(lead)-quotedBefore)
	for back := from; back > max(0, from-quotedBefore); back-- {
		if unicode.IsSpace(lead[back-1]) {
			from = back
			break
		}
	}
	cut := strings.Join(strings.Fields(string(lead[from:])+string(rest[:min(quotedAfter, len(rest))])), " ")
	quoted := strconv.Quote(cut)
	if strings.TrimSpace(string(lead[:from])) != "" {
		quoted = "…" + quoted
	}
	if len(rest) > quotedAfter {
		quoted += "…"
	}
	return quoted
}
