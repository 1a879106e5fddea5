package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/process"
	"example.com/hookproof/hookproof/target"
)

// endpointQuestions are about the endpoint as a whole, and lifeQuestions about each life. What one hook is of no use without is asked only if
// that is there.
var endpointQuestions = []initQuestion{{
	name: "url", usage: "the `URL` where deliveries go",
	asks: func(i *inquiry) string {
		if i.offline {
			return "Where do deliveries go?"
		}
		return i.listeners() + "Where do deliveries go? The URL, or a number or a port of these."
	},
	proposes: (*inquiry).proposeURL,
	takes:    (*inquiry).takeURL,
}, {
	name: "secret", usage: "the signing `SECRET` that the target verifies with, or $NAME of the environment", secret: true,
	asks: func(*inquiry) string {
		return "The signing secret that the target verifies with, or $NAME of the environment:"
	},
	proposes: (*inquiry).proposeSecret,
	takes:    (*inquiry).takeSecret,
}, {
	name: "life", usage: "the `LIVES` to judge, separated by commas: built-in ones, or paths of a life.json",
	asks:     func(*inquiry) string { return livesToChoose() },
	proposes: (*inquiry).proposeLives,
	takes: func(i *inquiry, answer string) (err error) {
		i.lives, err = chosenLives(strings.FieldsFunc(answer, func(r rune) bool { return r == ',' || r == ' ' }))
		return err
	},
}}

var lifeQuestions = []initQuestion{{
	name: "subject", usage: "the `REQUEST` that makes a fresh, unpaid object: POST /orders, a URL, a line of curl, or a command", optional: true,
	asks: func(i *inquiry) string {
		return judgedTypes(i.life) + "\nHow is a fresh, unpaid object (an order, a user) made: the URL of a POST, or a command?\n" +
			"Without it, idempotence, order and meaning are not judged; an empty line leaves it out."
	},
	form:  func(i *inquiry, answer string) error { return second(i.hookOf(answer, false)) },
	takes: (*inquiry).takeSubject,
}, {
	name: "body", usage: "the `JSON` body of that request; {{new.id}} in it is a new UUID each time",
	when: (*inquiry).needsBody,
	asks: func(i *inquiry) string {
		told := ""
		if i.why != nil {
			told = "Without a body: " + i.why.Error() + ".\n"
		}
		return told + "The body of that " + i.hooks.Subject.HTTP.Method + ", as JSON; {{new.id}} in it is a new UUID each time:"
	},
	proposes: func(*inquiry) proposal { return propose(`{"reference": "{{new.id}}"}`, "") },
	form:     func(_ *inquiry, answer string) error { return isJSON(answer) },
	takes:    (*inquiry).takeBody,
}, {
	name: "pick", usage: "the `VALUES` of its answer that are used, as name=pointer or name=constant",
	when:     (*inquiry).hasSubject,
	asks:     func(i *inquiry) string { return i.shownMembers() + whichValues(i.life) },
	proposes: (*inquiry).proposePick,
	form:     func(i *inquiry, answer string) error { return second(picks(i.life, answer)) },
	takes:    (*inquiry).takePick,
}, {
	name: "state", usage: "the `REQUEST` that reads its state: GET /orders/{{NAME}}, a URL, a command, or a SELECT",
	when: (*inquiry).hasSubject,
	asks: func(*inquiry) string {
		return "How is its state read: the URL of a GET, a command, or a SELECT (PostgreSQL)? {{name}} stands for a value named above."
	},
	proposes: (*inquiry).proposeState,
	form:     func(i *inquiry, answer string) error { return second(i.stateOf(answer)) },
	takes:    (*inquiry).takeState,
}, {
	name: "dsn", usage: "the `DSN` of a SELECT, as psql takes it",
	when:     func(i *inquiry) bool { return i.hooks.State != nil && i.hooks.State.SQL != nil },
	asks:     func(*inquiry) string { return "The database's address:" },
	proposes: (*inquiry).proposeDSN,
	takes: func(i *inquiry, answer string) error {
		i.hooks.State.SQL.DSN = answer
		return i.readState()
	},
}, {
	name: "ignore", usage: "the `PLACES` of the state to ignore, as JSON pointers, separated by spaces", optional: true,
	when: func(i *inquiry) bool {
		return i.isGiven("ignore") || !i.offline && i.hasSubject() && (i.looked == nil || len(i.toIgnore()) > 0)
	},
	before: (*inquiry).look,
	asks: func(i *inquiry) string {
		return "Which places of the state are ignored, as JSON pointers, in which * is any one part? A minus is none."
	},
	proposes: (*inquiry).proposeIgnore,
	form:     arePointers,
	takes: func(i *inquiry, answer string) error {
		i.hooks.Ignore = listOf(answer)
		return nil
	},
}, {
	name: "unhandled", usage: "the event `TYPES` that the endpoint ignores on purpose, separated by spaces", optional: true,
	when: func(i *inquiry) bool { return i.isGiven("unhandled") || i.looked != nil && len(i.looked.Unhandled) > 0 },
	asks: func(*inquiry) string {
		return "Which event types does the endpoint ignore on purpose? A minus is none: then a run is incomplete until the state shows them."
	},
	proposes: func(i *inquiry) proposal {
		return propose(strings.Join(i.looked.Unhandled, " "), "each was acknowledged, and changed nothing in the state")
	},
	form: areTypes,
	takes: func(i *inquiry, answer string) error {
		i.hooks.Unhandled = listOf(answer)
		return nil
	},
	unanswered: (*inquiry).tellUnhandled,
}}

// processQuestions are about the endpoint's process and its database, in the order in which they can be answered when the endpoint is looked at:
// what start must say depends on where the database is. blindQuestions are the same in the order of what is of no use without another.
var (
	processQuestions = []initQuestion{databaseQuestion, listenQuestion, stopQuestion, startQuestion, restartQuestion}
	blindQuestions   = []initQuestion{stopQuestion, startQuestion, databaseQuestion, listenQuestion}
)

var databaseQuestion = initQuestion{
	name: "database", usage: "the `ADDRESS` of the target's database: host:port or a URL", optional: true,
	when: func(i *inquiry) bool { return !i.offline || i.file.Stop != nil },
	asks: func(*inquiry) string {
		return "Where is the target's database, as host:port? hookproof puts a proxy before it. An empty line leaves it out."
	},
	proposes: (*inquiry).proposeDatabase,
	form: func(_ *inquiry, answer string) error {
		if answer == "-" {
			return nil
		}
		return checkAddress(addressOf(answer), true)
	},
	takes: (*inquiry).takeDatabase,
}

var listenQuestion = initQuestion{
	name: "listen", usage: "the `ADDRESS` that the target dials for its database while it is judged",
	when: func(i *inquiry) bool { return i.file.Database != nil },
	asks: func(*inquiry) string {
		return "And which address does the target dial instead? The start command must tell the target so:"
	},
	proposes: (*inquiry).proposeListen,
	form:     func(_ *inquiry, answer string) error { return checkAddress(answer, false) },
	takes: func(i *inquiry, answer string) error {
		i.file.Database.Listen = answer
		return nil
	},
}

var stopQuestion = initQuestion{
	name: "stop", usage: "the `COMMAND` that stops the target, a URL, or listener HOST:PORT to end what listens there", optional: true,
	asks: func(*inquiry) string {
		return "Which command (or URL) stops the target? It need not wait until the target has ended. Without it, restarts and failures\n" +
			"of its database are not tried; an empty line leaves it out, or a minus."
	},
	proposes: (*inquiry).proposeStop,
	form:     func(_ *inquiry, answer string) error { return second(processHook(answer)) },
	takes: func(i *inquiry, answer string) (err error) {
		i.file.Stop, err = processHook(answer)
		if err == nil && i.file.Stop == nil && i.file.Database != nil {
			i.say("Without stop, the database is left out: the endpoint must be started again to dial hookproof's proxy.")
			i.file.Database = nil
		}
		return err
	},
}

var startQuestion = initQuestion{
	name: "start", usage: "the `COMMAND` that starts it again, a URL, or {\"command\": […], \"directory\": …, \"env\": {…}} to leave running",
	when: func(i *inquiry) bool { return i.file.Stop != nil },
	asks: func(*inquiry) string {
		return "And which starts it again? It leaves the target running in the background and returns. It need not wait until the target listens."
	},
	proposes: (*inquiry).proposeStart,
	form:     func(_ *inquiry, answer string) error { return second(processHook(answer)) },
	takes: func(i *inquiry, answer string) (err error) {
		if i.file.Start, err = processHook(answer); err == nil && i.file.Start == nil {
			err = errors.New("a target that is stopped needs a start command")
		}
		if d := i.file.Database; err == nil && d != nil && i.file.Start.Background != nil && i.base.moved != nil {
			d.Env = i.base.moved(d.Listen)
		}
		return err
	},
}

var restartQuestion = initQuestion{
	name: "restart", usage: "`yes` to stop and start the target once, to try it; --yes does not say so", optional: true,
	when: func(i *inquiry) bool { return i.file.Stop != nil },
	asks: func(i *inquiry) string {
		return "May init stop the endpoint now and start it again, to try these? What it prints to its terminal is not seen from then on."
	},
	proposes: func(i *inquiry) proposal {
		if i.process == nil {
			return propose("yes", "")
		}
		return propose("yes", "it is "+i.process.String())
	},
	form: func(_ *inquiry, answer string) error {
		if answer != "" && answer != "yes" && answer != "no" {
			return fmt.Errorf("say yes or no, and not %q", answer)
		}
		return nil
	},
	takes: func(i *inquiry, answer string) error {
		i.mayTry = answer == "yes"
		if !i.mayTry {
			return nil
		}
		return i.tryRestart()
	},
	unanswered: func(*inquiry) string {
		return "--restart yes would stop the endpoint now and start it again, to try these."
	},
}

// ofLife asks about one life.
func (i *inquiry) ofLife(one chosenLife) (lifeHooks, error) {
	var hooks lifeHooks
	i.life, i.hooks, i.members, i.why, i.looked, i.returned = one.life, &hooks, [2]any{}, nil, nil, false
	err := i.ask(lifeQuestions)
	i.hooks, i.life = nil, nil
	return hooks, err
}

// all asks everything.
func (i *inquiry) all() error {
	if err := i.ask(endpointQuestions); err != nil {
		return err
	}
	for _, one := range i.lives {
		i.life = one.life
		if err := i.forms(lifeQuestions); err != nil {
			return err
		}
	}
	i.life = nil
	if err := i.forms(processQuestions); err != nil {
		return err
	}
	for _, one := range i.lives {
		hooks, err := i.ofLife(one)
		if err != nil {
			return err
		}
		if len(i.lives) == 1 && one.life == life.Payment {
			i.file.lifeHooks = hooks
			break
		}
		if hooks.Life, err = one.pathFrom(i.folder); err != nil {
			return err
		}
		if i.file.Lives == nil {
			i.file.Lives = map[string]lifeHooks{}
		}
		i.file.Lives[one.life.Name] = hooks
	}
	if i.offline {
		return i.ask(blindQuestions)
	}
	return i.ask(processQuestions)
}

func (i *inquiry) hasSubject() bool { return i.hooks != nil && i.hooks.Subject != nil }

func (i *inquiry) isGiven(name string) bool {
	_, is := i.given(name)
	return is
}

// listOf reads a list of words; a minus is none.
func listOf(answer string) []string {
	if answer == "-" {
		return nil
	}
	return strings.FieldsFunc(answer, func(r rune) bool { return r == ' ' || r == ',' })
}

// processHook reads a hook that stops or starts the target; nil is none.
func processHook(answer string) (*target.Hook, error) {
	var h target.Hook
	address, listener := strings.CutPrefix(answer, "listener ")
	switch {
	case answer == "" || answer == "-":
		return nil, nil
	case listener:
		h.Listener = strings.TrimSpace(address)
		if !process.IsLoopback(h.Listener) {
			return nil, fmt.Errorf("listener takes an address of this machine, such as 127.0.0.1:3000, and not %q", h.Listener)
		}
		return &h, checkAddress(h.Listener, false)
	case strings.HasPrefix(answer, "{"):
		decoder := json.NewDecoder(strings.NewReader(answer))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&h.Background); err != nil || len(h.Background.Command) == 0 {
			return nil, errors.New(`a program to leave running is a JSON object: {"command": ["node", "server.js"], "directory": "…", "env": {"PORT": "3000"}}`)
		}
		return &h, nil
	}
	h, err := hook(answer, false)
	return &h, err
}

// takeBody takes the body of the subject's request.
func (i *inquiry) takeBody(answer string) error {
	i.hooks.Subject.HTTP.Body = json.RawMessage(answer)
	if i.offline {
		return nil
	}
	return i.makeTwo()
}

// takePick takes the places of the subject's values, which the answer must have.
func (i *inquiry) takePick(answer string) (err error) {
	found, err := picks(i.life, answer)
	if err == nil && !i.offline {
		err = i.missing(found)
	}
	if err == nil {
		i.hooks.Subject.Pick = found
	}
	return err
}

// takeState takes the hook that reads the state, and reads it.
func (i *inquiry) takeState(answer string) error {
	state, err := i.stateOf(answer)
	if err != nil {
		return err
	}
	pick := i.hooks.Subject.Pick
	for _, name := range placeholdersOf(answer) {
		if pick[name] == nil && !strings.HasPrefix(name, "env.") {
			return fmt.Errorf("there is no name {{%s}}; the names are %s", name, strings.Join(slices.Sorted(maps.Keys(pick)), ", "))
		}
	}
	i.hooks.State = &state
	if state.SQL != nil {
		return nil // its database is the next question
	}
	return i.readState()
}

// whichValues asks for the values of a subject.
func whichValues(l *life.Life) string {
	text := "Which values of its answer are used, as name=pointer? One of " + strings.Join(l.TieNames(), ", ") + " is required;\n" +
		"others are " + strings.Join(append(l.GivenNames(), "whatever the state hook needs"), ", ") + "."
	if constants := constantsOf(l); constants != "" {
		text += "\nA value that the answer does not have can be a constant: " + constants + "."
	}
	return text
}

// constantsOf shows constants in the form of an answer: amount=4900 currency=usd.
func constantsOf(l *life.Life) string {
	var list []string
	usual := l.Usual()
	for _, name := range slices.Sorted(maps.Keys(usual)) {
		list = append(list, fmt.Sprintf("%s=%v", name, usual[name]))
	}
	return strings.Join(list, " ")
}

// proposeLives proposes the lives whose events the endpoint's source names, or the payment life.
func (i *inquiry) proposeLives() proposal {
	if p := i.livesOfSource(); p.is {
		return p
	}
	if i.offline {
		return propose(life.Payment.Name, "")
	}
	return propose(life.Payment.Name, "no file of its program names an event of another one")
}
