package main

import (
	"errors"
	"net/http"
	"strings"

	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// targetFile asks for everything, or for everything but the lives. What one hook is of no use without is asked only if that is there.
func (a *asker) targetFile(getenv func(string) string, lives []chosenLife, folder string) (targetFile, error) {
	var f targetFile
	err := a.ask("Where do deliveries go?", "http://127.0.0.1:3000/webhooks/stripe", func(answer string) error {
		if method, address := request(answer); method == http.MethodPost { // which every delivery is
			answer = address
		}
		f.URL = answer
		return checkURL(answer)
	})
	if err != nil {
		return f, err
	}
	err = a.ask("The signing secret that the target verifies with, or $NAME of the environment:", "$STRIPE_WEBHOOK_SECRET", func(answer string) error {
		f.Secret = answer
		if name, is := strings.CutPrefix(answer, "$"); is {
			f.Secret, answer = "{{env."+name+"}}", getenv(name)
		}
		return target.RefuseLiveKeys(answer)
	})
	if err != nil {
		return f, err
	}
	if len(lives) == 0 {
		if lives, err = a.lives(); err != nil {
			return f, err
		}
	}
	for _, one := range lives {
		hooks, err := a.hooks(one.life)
		if err != nil {
			return f, err
		}
		if len(lives) == 1 && one.life == life.Payment {
			f.lifeHooks = hooks
			break
		}
		if hooks.Life, err = one.pathFrom(folder); err != nil {
			return f, err
		}
		if f.Lives == nil {
			f.Lives = map[string]lifeHooks{}
		}
		f.Lives[one.life.Name] = hooks
	}
	return f, a.restart(&f)
}

// restart asks for stop, start and database.
func (a *asker) restart(f *targetFile) error {
	command := func(answer string) (*target.Hook, error) {
		h, err := hook(answer, false)
		if err != nil || isNone(h) {
			return nil, err
		}
		return &h, nil
	}
	err := a.ask("Which command (or URL) stops the target? It need not wait until the target has ended. Without it, restarts and failures\n"+
		"of its database are not tried; an empty line leaves it out.", "", func(answer string) (err error) {
		f.Stop, err = command(answer)
		return err
	})
	if err != nil || f.Stop == nil {
		return err
	}
	err = a.ask("And which starts it again? It leaves the target running in the background and returns. It need not wait until the target listens.", "", func(answer string) (err error) {
		if f.Start, err = command(answer); err == nil && f.Start == nil {
			err = errors.New("a target that is stopped needs a start command")
		}
		return err
	})
	if err != nil {
		return err
	}
	var upstream string
	err = a.ask("Where is the target's database, as host:port? hookproof puts a proxy before it. An empty line leaves it out.", "", func(answer string) error {
		upstream = answer
		return checkAddress(answer, true)
	})
	if err != nil || upstream == "" {
		return err
	}
	return a.ask("And which address does the target dial instead? The start command must tell the target so:", "127.0.0.1:6432", func(answer string) error {
		f.Database = &struct {
			Listen   string `json:"listen"`
			Upstream string `json:"upstream"`
		}{answer, upstream}
		return checkAddress(answer, false)
	})
}
