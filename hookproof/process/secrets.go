package process

import (
	"regexp"
	"slices"
	"strings"
)

// inWord matches a secret in a word of a command line: one of Stripe's, a flag's value, a URL's password, or a DSN's. The group that took part is
// the secret.
var inWord = regexp.MustCompile(`\b((?:whsec|[sr]k_test|[sr]k_live)_[\w+/=]+)` +
	`|(?i:^--?[\w-]*(?:secret|password|passwd|token|api-?key)=)(.+)` +
	`|://[^\s/:@]*:([^\s/@]+)@` +
	`|(?i:\b(?:password|passwd)=)([^\s&;]+)`)

// beforeSecret matches a flag whose value, the next word, is a secret.
var beforeSecret = regexp.MustCompile(`(?i)^--?[\w-]*(?:secret|password|passwd|token|api-?key)$`)

// ReplaceSecrets returns the words of a command line with something else in the place of each secret in them.
func ReplaceSecrets(words []string, with func(secret string) string) []string {
	replaced := slices.Clone(words)
	for n, word := range replaced {
		if n > 0 && beforeSecret.MatchString(words[n-1]) && !strings.HasPrefix(word, "-") {
			replaced[n] = with(word)
			continue
		}
		for _, at := range slices.Backward(inWord.FindAllStringSubmatchIndex(word, -1)) {
			for group := 2; group < len(at); group += 2 {
				if begin, end := at[group], at[group+1]; begin >= 0 {
					word = word[:begin] + with(word[begin:end]) + word[end:]
				}
			}
		}
		replaced[n] = word
	}
	return replaced
}

// Shown is a command line as it may be shown: without the secrets in it.
func Shown(words []string) string {
	return strings.Join(ReplaceSecrets(words, func(secret string) string { return kind.FindString(secret) + "…" }), " ")
}

// kind matches what a secret of Stripe's begins with.
var kind = regexp.MustCompile(`^(?:whsec|[sr]k_test|[sr]k_live)_`)
