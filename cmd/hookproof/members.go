package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/target"
)

// takeSubject takes the hook that makes a subject, and makes two.
func (i *inquiry) takeSubject(answer string) error {
	i.hooks.Subject, i.why = nil, nil
	made, err := i.hookOf(answer, false)
	if err != nil || isNone(made) {
		return err
	}
	i.hooks.Subject = &subjectHook{Hook: made}
	if made.HTTP != nil && made.HTTP.Method == "" {
		made.HTTP.Method = http.MethodPost
	}
	if i.offline {
		return nil
	}
	if made.HTTP != nil && made.HTTP.Body == nil && i.isGiven("body") {
		return nil
	}
	if err := i.makeTwo(); err != nil {
		var refused *target.RefusedError
		status := 0
		if errors.As(err, &refused) {
			status = refused.Status
		}
		if made.HTTP != nil && made.HTTP.Body == nil && made.HTTP.Method != http.MethodGet && status/100 == 4 && status != http.StatusNotFound {
			i.why = err
			return nil
		}
		i.hooks.Subject = nil
		if status/100 == 5 {
			return fmt.Errorf("%w; if it asks Stripe's API, which is not here, let a command make the object (docs/target.md), or give the endpoint Stripe's API (docs/stripe-api.md)", err)
		}
		return err
	}
	return nil
}

// needsBody reports whether the subject's request lacks a body: where nothing is looked at, or where it does not work without.
func (i *inquiry) needsBody() bool {
	if !i.hasSubject() || i.hooks.Subject.HTTP == nil || i.hooks.Subject.HTTP.Body != nil || i.hooks.Subject.HTTP.Method == http.MethodGet {
		return false
	}
	return i.offline || i.why != nil || i.isGiven("body")
}

// requestLine is a method, a path or a URL, and perhaps a body: POST /orders {"quantity": 1}.
var requestLine = regexp.MustCompile(`^(?i:(GET|POST|PUT|PATCH|DELETE))\s+(/\S*|https?://\S+)(?:\s+([\[{].*))?$`)

// hookOf reads an answer as a hook. A path is the endpoint's own.
func (i *inquiry) hookOf(answer string, query bool) (target.Hook, error) {
	if made, err := curlHook(answer); err != nil || !isNone(made) {
		return made, err
	}
	parts := requestLine.FindStringSubmatch(answer)
	if parts == nil {
		if program, _, _ := strings.Cut(answer, " "); strings.HasPrefix(program, "/") && !exists(program) {
			method := map[bool]string{false: http.MethodPost, true: http.MethodGet}[query]
			return target.Hook{}, fmt.Errorf("no program %s is here; a request to the endpoint has its method before it: %s %s", program, method, program)
		}
		return hook(answer, query)
	}
	r := target.HookRequest{Method: strings.ToUpper(parts[1]), URL: parts[2]}
	if strings.HasPrefix(r.URL, "/") {
		u, err := url.Parse(i.file.URL)
		if err != nil || u.Host == "" {
			return target.Hook{}, fmt.Errorf("%s needs the endpoint's address before it", r.URL)
		}
		r.URL = u.Scheme + "://" + u.Host + r.URL
	}
	if body := parts[3]; body != "" {
		if !json.Valid([]byte(body)) {
			return target.Hook{}, fmt.Errorf("the body %.60q is not JSON", body)
		}
		r.Body = json.RawMessage(body)
	}
	return target.Hook{HTTP: &r}, nil
}

// stateOf reads an answer as the hook that reads the state.
func (i *inquiry) stateOf(answer string) (target.Hook, error) {
	state, err := i.hookOf(answer, true)
	if err == nil && isNone(state) {
		err = errors.New("a state hook is needed to read the object")
	}
	return state, err
}

// makeTwo makes two subjects, so that it shows what differs between any two.
func (i *inquiry) makeTwo() error {
	for n := range i.members {
		answer, err := i.hooks.Subject.Try(i.ctx, i.folder, i.life)
		if err != nil {
			return err
		}
		i.members[n] = answer
	}
	return nil
}

// member is one text or whole number of the answer.
type member struct {
	pointer, text string
	differs       bool // between two subjects
	number        bool
}

// membersOf returns the members of the first answer, in order.
func (i *inquiry) membersOf() []member {
	var list []member
	for _, pointer := range target.Places(i.members[0]) {
		first, _ := target.At(i.members[0], pointer)
		second, err := target.At(i.members[1], pointer)
		_, number := first.(json.Number)
		list = append(list, member{pointer, fmt.Sprint(first), err != nil || fmt.Sprint(first) != fmt.Sprint(second), number})
	}
	return list
}

// shownMembers shows what two answers of the subject hook have.
func (i *inquiry) shownMembers() string {
	list := i.membersOf()
	if len(list) == 0 {
		return ""
	}
	lines := []string{"Two were made. The answer of the first has:"}
	for _, m := range list[:min(len(list), mostMembers)] {
		line := fmt.Sprintf("  %-20s %.60s", m.pointer, m.text)
		if m.differs {
			line += "   (another in the second)"
		}
		lines = append(lines, line)
	}
	if more := len(list) - mostMembers; more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more", more))
	}
	return strings.Join(lines, "\n") + "\n"
}

// mostMembers is how many members of an answer are shown.
const mostMembers = 15

// missing returns an error if the answer has no such places.
func (i *inquiry) missing(found map[string]any) error {
	for name, place := range found {
		if pointer, is := place.(string); is && i.members[0] != nil {
			if _, err := target.At(i.members[0], pointer); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// idPlace matches the places of ids.
var idPlace = regexp.MustCompile(`(?i)(^|/|[a-z_])(id|uuid|ref|reference|number|key|code)$`)

// proposePick proposes which members of the answer are used, with the reason of each.
func (i *inquiry) proposePick() proposal {
	if i.offline {
		answer := i.life.ExampleTie() + "=/id"
		if i.life.Name == target.PaymentLife {
			answer = "sessionId=/sessionId metadata.orderId=/id amount=/amount currency=/currency"
		}
		return propose(answer, "")
	}
	var picked, reasons []string
	take := func(name, value, reason string) {
		if i.canBind(name) && !slices.ContainsFunc(picked, func(pair string) bool { return strings.HasPrefix(pair, name+"=") }) {
			picked = append(picked, name+"="+value)
			if reason != "" {
				reasons = append(reasons, reason)
			}
		}
	}
	list := i.membersOf()
	for _, m := range list {
		for name, n := range i.life.Names {
			if n.Prefix != "" && n.Of == "" && strings.HasPrefix(m.text, n.Prefix) && m.differs {
				take(name, m.pointer, m.pointer+" begins with "+n.Prefix)
			}
		}
		if strings.Contains(m.text, "@") && !m.number {
			take("email", m.pointer, m.pointer+" is an address")
		}
	}
	if id := idOf(list); id != "" {
		key, where := i.metadataRead()
		switch {
		case key != "" && i.canBind("metadata."+key):
			take("metadata."+key, id, where+" reads metadata."+key)
		case i.hooks.Subject.HTTP != nil && i.canBind("metadata.x"):
			if u, err := url.Parse(i.hooks.Subject.HTTP.URL); err == nil && metadataFromPath(u.Path) != "" {
				key := metadataFromPath(u.Path)
				take("metadata."+key, id, "what "+u.Path+" makes is usually in metadata."+key)
			}
		}
		take("clientReferenceId", id, id+" differs between the two")
	}
	amount, currency := valueOf(list, "amount"), valueOf(list, "currency")
	if amount != "" {
		take("amount", amount, amount+" looks like it")
	}
	if usual := i.life.Usual()["currency"]; currency != "" {
		take("currency", currency, currency+" looks like it")
	} else if usual != nil && amount != "" {
		take("currency", fmt.Sprint(usual), "the answer has no currency")
	}
	if len(picked) == 0 {
		return proposal{basis: "nothing in the answer looks like the object's id"}
	}
	return propose(strings.Join(picked, " "), strings.Join(reasons, "; "))
}

// canBind reports whether the life's events have a place for a name.
func (i *inquiry) canBind(name string) bool {
	return i.life.IsTie(name) || slices.Contains(i.life.GivenNames(), name) || name == "customer"
}

// idOf is the place of the object's id: the shortest one that is named so and differs, or else the first that differs.
func idOf(list []member) string {
	best := ""
	for _, m := range list {
		if m.differs && idPlace.MatchString(m.pointer) && (best == "" || len(m.pointer) < len(best)) {
			best = m.pointer
		}
	}
	if n := slices.IndexFunc(list, func(m member) bool { return m.differs }); best == "" && n >= 0 {
		best = list[n].pointer
	}
	return best
}

// valueOf is the place of an amount or a currency.
func valueOf(list []member, name string) string {
	e := map[string]*regexp.Regexp{
		"amount":   regexp.MustCompile(`(?i)/(\w*amount\w*|\w*total\w*|\w*price\w*|\w*cents)$`),
		"currency": regexp.MustCompile(`(?i)/\w*currency$`),
	}[name]
	for _, m := range list {
		if e.MatchString(m.pointer) && (name == "amount") == m.number {
			return m.pointer
		}
	}
	return ""
}

// placeholdersOf are the names in an answer.
func placeholdersOf(answer string) []string { return event.Placeholders(answer) }
