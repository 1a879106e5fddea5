package result

import (
	"regexp"
	"strings"
)

// The environment's places for the secrets, where a command line names none: that is seen by others. The lines that
// rerun a failure take them from there, or ask for them, since a report must not tell the secrets.
const (
	SecretVariable         = "HOOKPROOF_SECRET"
	PreviousSecretVariable = "HOOKPROOF_PREVIOUS_SECRET"
)

// Quoted is a word as a shell takes it.
func Quoted(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

var plainWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)
