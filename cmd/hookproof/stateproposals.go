package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	runs "example.com/hookproof/hookproof/run"
	"example.com/hookproof/hookproof/target"
)

// proposeState proposes to read the object where it was made, by the name that has its id, if that answers.
func (i *inquiry) proposeState() proposal {
	made := i.hooks.Subject
	for _, name := range slices.Sorted(maps.Keys(made.Pick)) {
		pointer, is := made.Pick[name].(string)
		if made.HTTP == nil || !is || i.offline && pointer != "/id" || !i.offline && pointer != idOf(i.membersOf()) {
			continue
		}
		address := strings.TrimRight(made.HTTP.URL, "/") + "/{{" + name + "}}"
		if i.offline {
			return propose(address, "")
		}
		h := target.Hook{HTTP: &target.HookRequest{URL: address, Method: http.MethodGet, Headers: made.HTTP.Headers}}
		value, err := target.At(i.members[0], pointer)
		if err != nil {
			continue
		}
		filled := h
		filled.HTTP = &target.HookRequest{URL: strings.Replace(address, "{{"+name+"}}", fmt.Sprint(value), 1), Method: http.MethodGet, Headers: made.HTTP.Headers}
		if _, err := filled.Try(i.ctx, i.folder, i.life); err == nil {
			return propose("GET "+address, "it answers for the first that was made")
		}
	}
	return i.stateOfRoutes()
}

// proposeDSN proposes the database of the process for a SELECT.
func (i *inquiry) proposeDSN() proposal {
	for _, one := range i.variables() {
		for _, name := range slices.Sorted(maps.Keys(one.values)) {
			if value := one.values[name]; strings.HasPrefix(value, "postgres://") || strings.HasPrefix(value, "postgresql://") {
				answer, basis := withSSLMode(value, i.getenv("PGSSLMODE")), name+" "+one.where+" is that"
				if answer != value {
					basis += ", here with psql's default of sslmode"
				}
				return proposal{answer: answer, shown: withoutPassword(answer), basis: basis, is: true}
			}
		}
	}
	return propose("postgres://postgres@127.0.0.1:5432/postgres?sslmode=prefer", "")
}

// withSSLMode is a database's URL with psql's default of sslmode, if nothing says which: the driver's own refuses a database that has no TLS.
func withSSLMode(address, given string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || given != "" || u.Query().Has("sslmode"):
		return address
	case strings.Contains(address, "?"):
		return address + "&sslmode=prefer"
	}
	return address + "?sslmode=prefer"
}

// soFar is the target as far as it is known, with the life that is asked about.
func (i *inquiry) soFar() (*target.Target, error) {
	f := i.file
	f.Stop, f.Start, f.Database = nil, nil, nil
	if i.hooks != nil {
		f.lifeHooks = lifeHooks{}
		one := *i.hooks
		if chosen := slices.IndexFunc(i.lives, func(c chosenLife) bool { return c.life == i.life }); chosen >= 0 && i.lives[chosen].path != "" {
			path, err := i.lives[chosen].pathFrom(i.folder)
			if err != nil {
				return nil, err
			}
			one.Life = path
		}
		f.Lives = map[string]lifeHooks{i.life.Name: one}
	}
	t, discard, err := loaded(i.target, f, i.getenv)
	if err != nil {
		return nil, err
	}
	defer discard()
	all, err := t.ByLife(nil)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// readState reads the state of a fresh subject.
func (i *inquiry) readState() error {
	if i.offline {
		return nil
	}
	t, err := i.soFar()
	if err != nil {
		return err
	}
	s, err := t.NewSubject(i.ctx)
	if err != nil {
		return fmt.Errorf("a fresh object could not be made: %w", err)
	}
	state, err := t.State(i.ctx, s)
	if err != nil {
		return err
	}
	raw, _ := json.Marshal(state) // it came as JSON
	i.say("The state of a fresh one is %.300s", raw)
	return nil
}

// look pays one subject, and finds out what differs and what shows.
func (i *inquiry) look() error {
	i.looked = &runs.Looked{}
	if i.offline || i.isGiven("ignore") && i.isGiven("unhandled") {
		return nil
	}
	t, err := i.soFar()
	if err != nil {
		return err
	}
	if text, is := i.given("ignore"); is {
		t.Ignore = listOf(text)
	}
	if text, is := i.given("unhandled"); is {
		t.Unhandled = listOf(text)
	}
	i.say("\nTwo are made and read twice, and one of them is paid …")
	found, err := runs.Look(i.ctx, t)
	if err != nil {
		return fmt.Errorf("the payment of a fresh object: %w", err)
	}
	i.remedy(found)
	i.looked = &found
	switch {
	case found.Unseen == "":
		i.say("The payment shows in the state: %s.", found.Shown)
	case !i.yes && !i.returned && !i.isGiven("pick"):
		i.returned, i.looked = true, nil
		return &again{"pick", "The payment changed nothing: " + found.Unseen + " So once more:"}
	default:
		i.say("The payment changed nothing: %s", found.Unseen)
	}
	return nil
}

// toIgnore are the places that differ between any two subjects.
func (i *inquiry) toIgnore() (places []string) {
	for _, r := range i.looked.Remedies {
		places = append(places, r.Ignore...)
	}
	slices.Sort(places)
	return slices.Compact(places)
}

// proposeIgnore proposes the places that differ, with what has shown it.
func (i *inquiry) proposeIgnore() proposal {
	var reasons []string
	for _, r := range i.looked.Remedies {
		if len(r.Ignore) > 0 {
			reasons = append(reasons, r.Why)
		}
	}
	return propose(strings.Join(i.toIgnore(), " "), strings.Join(reasons, "; "))
}

// tellUnhandled tells which types changed nothing, and how to say that this is meant. An endpoint that has lost them looks the same.
func (i *inquiry) tellUnhandled() string {
	types := strings.Join(i.looked.Unhandled, " ")
	given := types
	if len(i.lives) > 1 {
		given = i.life.Name + "=" + types
	}
	return fmt.Sprintf("Acknowledged, but without any change in the state: %s. If the endpoint ignores these on purpose, say so by --unhandled '%s',\n"+
		"or by the key unhandled in the file; --yes does not. Until they show or are listed, a run is incomplete.", types, given)
}
