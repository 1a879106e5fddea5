package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	runs "example.com/hookproof/hookproof/run"
	"example.com/hookproof/hookproof/target"
)

// secretName matches the variables that have an endpoint's secret.
var secretName = regexp.MustCompile(`(?i)^(?:.*stripe.*(?:webhook|signing|endpoint).*|.*webhook.*(?:secret|key).*|.*signing_?secret.*)$`)

// secretVariable finds the variable of the process, or of its .env file, that has the secret.
func (i *inquiry) secretVariable() (name, value, where string) {
	for _, one := range i.variables() {
		for _, name := range slices.Sorted(maps.Keys(one.values)) {
			if value := one.values[name]; strings.HasPrefix(value, "whsec_") && secretName.MatchString(name) {
				return name, value, one.where
			}
		}
	}
	return "", "", ""
}

func (i *inquiry) proposeSecret() proposal {
	if name, value, where := i.secretVariable(); name != "" {
		answer := value
		if i.getenv(name) == value {
			answer = "$" + name
		}
		return proposal{answer: answer, shown: masked(value), basis: name + " " + where + " is that", is: true}
	}
	const usual = "STRIPE_WEBHOOK_SECRET"
	if i.offline || i.getenv(usual) != "" {
		return propose("$"+usual, map[bool]string{false: "this variable is set"}[i.offline])
	}
	return proposal{}
}

// takeSecret takes the secret, delivers a signed event with it, and says what the answer means.
func (i *inquiry) takeSecret(answer string) error {
	if answer == "" {
		return errors.New("the secret is missing; it begins with whsec_, and is in the endpoint's environment")
	}
	written := answer
	if name, is := strings.CutPrefix(answer, "$"); is {
		written, answer = "{{env."+name+"}}", i.getenv(name)
		if answer == "" && !i.offline {
			return fmt.Errorf("the environment variable %s is not set here", name)
		}
	}
	if err := target.RefuseLiveKeys(answer); err != nil {
		return err
	}
	i.file.Secret = written
	if i.offline {
		return nil
	}
	t := &target.Target{URL: i.file.URL, Secret: answer, APIVersion: i.file.APIVersion, Headers: i.file.Headers, File: i.target}
	if err := t.Check(); err != nil {
		return err
	}
	found, err := runs.Look(i.ctx, t)
	if err != nil {
		return err
	}
	i.remedy(found)
	if found.Refused != "" {
		i.say("%s.", upper(found.Refused))
	} else {
		i.say("A signed event is acknowledged, so the path and the secret are right.")
	}
	if !strings.HasPrefix(written, "{{env.") {
		i.say("The secret will be in the file, which only you can read; keep it out of version control, or give it as $NAME.")
	}
	return nil
}

// remedy puts what a look has found into the file.
func (i *inquiry) remedy(found runs.Looked) {
	for _, r := range found.Remedies {
		if r.APIVersion != "" {
			i.file.APIVersion = r.APIVersion
			i.say("%s; apiVersion is set so.", upper(r.Why))
		}
		if r.Headers != nil {
			i.file.Headers = r.Headers
			i.say("%s; headers are set so.", upper(r.Why))
		}
	}
}

// variables are the variables of one place.
type variables struct {
	where  string
	values map[string]string
}

// variables are those of the process, and of the .env file of its directory.
func (i *inquiry) variables() []variables {
	if i.process == nil {
		return nil
	}
	list := []variables{{"in the environment of process " + strconv.Itoa(i.process.PID), i.process.Environment}}
	if raw, err := os.ReadFile(filepath.Join(i.process.Directory, ".env")); err == nil {
		list = append(list, variables{"in " + filepath.Join(i.process.Directory, ".env"), parseEnv(string(raw))})
	}
	return list
}

// parseEnv reads the lines of a .env file.
func parseEnv(text string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		name, value, is := strings.Cut(line, "=")
		if !is || strings.HasPrefix(line, "#") {
			continue
		}
		value = strings.TrimSpace(value)
		if quote := strings.IndexAny(value, `"'`); quote == 0 && len(value) > 1 && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		} else if comment := strings.Index(value, " #"); comment >= 0 {
			value = strings.TrimSpace(value[:comment])
		}
		found[strings.TrimSpace(name)] = value
	}
	return found
}
