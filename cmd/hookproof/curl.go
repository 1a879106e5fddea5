package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"example.com/hookproof/hookproof/target"
)

// curlHook reads a line of curl as the request that it makes, so that no process is needed for each. A line with a flag that it does not know
// is no such line.
func curlHook(answer string) (target.Hook, error) {
	words, err := shellWords(answer)
	if err != nil || len(words) < 2 || words[0] != "curl" {
		return target.Hook{}, nil // told by what reads the answer otherwise
	}
	r := target.HookRequest{}
	for n := 1; n < len(words); n++ {
		word := words[n]
		value := func() string {
			if n++; n < len(words) {
				return words[n]
			}
			return ""
		}
		switch word {
		case "-s", "-S", "-sS", "-f", "-fsS", "-i", "--silent", "--show-error", "--fail":
		case "-X", "--request":
			r.Method = strings.ToUpper(value())
		case "-H", "--header":
			name, text, is := strings.Cut(value(), ":")
			if !is {
				return target.Hook{}, errors.New("curl: -H takes NAME: VALUE")
			}
			if !strings.EqualFold(name, "Content-Type") {
				if r.Headers == nil {
					r.Headers = map[string]string{}
				}
				r.Headers[name] = strings.TrimSpace(text)
			}
		case "-d", "--data", "--data-raw", "--json":
			if text := value(); json.Valid([]byte(text)) {
				r.Body = json.RawMessage(text)
			} else {
				return target.Hook{}, fmt.Errorf("curl: the body %.60q is not JSON; give a command that is a program of yours instead", text)
			}
		default:
			if strings.HasPrefix(word, "-") || r.URL != "" {
				return target.Hook{}, nil
			}
			if r.URL = word; !strings.Contains(word, "://") {
				r.URL = "http://" + word
			}
		}
	}
	return target.Hook{HTTP: &r}, nil
}

// shellWords splits a line as a shell does, with quotation marks and backslashes and nothing else.
func shellWords(line string) (words []string, err error) {
	var word strings.Builder
	quote, in, escaped := rune(0), false, false
	for _, r := range line {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, in = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, in = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if in {
				words = append(words, word.String())
				word.Reset()
				in = false
			}
		default:
			word.WriteRune(r)
			in = true
		}
	}
	if quote != 0 || escaped {
		return nil, errors.New("a quotation mark is not closed")
	}
	if in {
		words = append(words, word.String())
	}
	return words, nil
}
