package result

import (
	"regexp"
	"strings"
)

// The environment variables for the secrets. A command line would show a secret to others, and a report must not contain one. So
// the commands that rerun a failure read these variables, or ask for the secret.
const (
	SecretVariable         = "HOOKPROOF_SECRET"
	PreviousSecretVariable = "HOOKPROOF_PREVIOUS_SECRET"
	ConnectSecretVariable  = "HOOKPROOF_CONNECT_SECRET" // in commands that send one event again
)

// Quoted quotes a word for a shell.
func Quoted(word string) string {
	if unquotedWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

var unquotedWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)
