package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/shell"

	"example.com/hookproof/hookproof/target"
)

// curlHook reads a line of curl as the request that it makes, so that no process is needed for each. A line with a flag that it does not know
// is no such line.
func curlHook(answer string) (target.Hook, error) {
	if !strings.HasPrefix(answer, "curl ") {
		return target.Hook{}, nil
	}
	words, err := shellWords(answer)
	if err != nil {
		return target.Hook{}, fmt.Errorf("no shell can read this as one curl command: %w", err)
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

// shellWords splits a line as a shell does. A variable of the environment stays one, so that its value is not written into the file.
func shellWords(line string) ([]string, error) {
	return shell.Fields(line, func(name string) string {
		if name == "IFS" { // by which the shell splits
			return ""
		}
		return "{{env." + name + "}}"
	})
}
