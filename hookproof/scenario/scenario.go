// Package scenario reads scenario files and replays them against a target.
package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/target"
)

// Scenario is one behaviour that is demanded of a target. fixtures/FORMAT.md describes every key.
type Scenario struct {
	Schema      string         `json:"$schema,omitempty"`
	Name        string         `json:"-"` // <family>/<name>, or the path of a single file
	Description string         `json:"description"`
	Requirement string         `json:"requirement"`
	Needs       []string       `json:"needs"`
	Kills       []string       `json:"kills"`
	Announced   []string       `json:"announced,omitempty"`
	Steps       []Step         `json:"steps,omitempty"`
	Life        []Sending      `json:"life,omitempty"`
	Repeat      bool           `json:"repeat,omitempty"`
	Late        bool           `json:"late,omitempty"`
	State       map[string]any `json:"state,omitempty"`
}

// Step is one action and what is expected of it.
type Step struct {
	Deliver   *Sending     `json:"deliver,omitempty"`
	Redeliver string       `json:"redeliver,omitempty"`
	Sign      string       `json:"sign,omitempty"` // of a redelivery
	Until2xx  bool         `json:"until2xx,omitempty"`
	Burst     *Burst       `json:"burst,omitempty"`
	Fault     string       `json:"fault,omitempty"`
	Restart   string       `json:"restart,omitempty"`
	Make      string       `json:"make,omitempty"`
	Expect    *Expectation `json:"expect,omitempty"`
}

// Sending is one event and how it is sent.
type Sending struct {
	Event   string                     `json:"event,omitempty"`
	Version string                     `json:"version,omitempty"`
	As      string                     `json:"as,omitempty"`
	Subject string                     `json:"subject,omitempty"`
	With    map[string]json.RawMessage `json:"with,omitempty"`
	Created int64                      `json:"created,omitempty"`
	Sign    string                     `json:"sign,omitempty"`
	Raw     *string                    `json:"raw,omitempty"`
	Pad     int                        `json:"pad,omitempty"`
}

// Burst is many overlapping deliveries: of one fresh event, or of an earlier one.
type Burst struct {
	Sending
	Of       string `json:"of,omitempty"`
	Copies   int    `json:"copies"`
	FreshIDs bool   `json:"freshIds,omitempty"`
	Held     bool   `json:"held,omitempty"`
}

// Expectation is the expected outcome of a step. A missing key is not checked.
type Expectation struct {
	Ack      int            `json:"ack,omitempty"`
	Outcome  string         `json:"outcome,omitempty"`
	Acks     map[string]int `json:"acks,omitempty"`
	Outcomes map[string]int `json:"outcomes,omitempty"`
	State    map[string]any `json:"state,omitempty"`
}

// BuiltInScenarios returns the scenarios of package fixtures: the families sorted, and each in the order of its file.
func BuiltInScenarios() ([]Scenario, error) {
	var all []Scenario
	for _, name := range fixtures.Families() {
		raw, err := fixtures.Family(name)
		if err != nil {
			return nil, err
		}
		scenarios, err := ParseScenarios(name+".json", raw)
		if err != nil {
			return nil, err
		}
		all = append(all, scenarios...)
	}
	return all, nil
}

// ParseScenarios reads a file strictly: a single scenario, with the file's name, or a family, whose scenarios are named <file
// without .json>/<name>. An error names the file, the scenario and what is wrong with it.
func ParseScenarios(file string, raw []byte) ([]Scenario, error) {
	if isFamily(raw) {
		all, err := parseFamily(strings.TrimSuffix(file, ".json"), raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return all, nil
	}
	one, err := parseScenario(file, raw)
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %w", file, err)
	}
	return []Scenario{one}, nil
}

// isFamily looks for the key that a single scenario never has. A file that is not JSON is no family: reading it as a scenario
// reports the error.
func isFamily(raw []byte) bool {
	var keys map[string]json.RawMessage
	_ = json.NewDecoder(bytes.NewReader(raw)).Decode(&keys)
	_, has := keys["scenarios"]
	return has
}

func parseFamily(family string, raw []byte) ([]Scenario, error) {
	var file struct {
		Schema    string          `json:"$schema"`
		Scenarios json.RawMessage `json:"scenarios"`
	}
	if err := decodeWhole(raw, &file); err != nil {
		return nil, err
	}
	var all []Scenario
	seen := map[string]bool{}
	members := json.NewDecoder(bytes.NewReader(file.Scenarios)) // a map would lose the order, and a name that is there twice
	if opening, err := members.Token(); err != nil || opening != json.Delim('{') {
		return nil, errors.New("scenarios must be an object, with each scenario under its name")
	}
	for members.More() {
		name, err := members.Token()
		if err != nil {
			return nil, target.Unreadable(err)
		}
		var value json.RawMessage
		if err := members.Decode(&value); err != nil {
			return nil, target.Unreadable(err)
		}
		one, err := parseScenario(fmt.Sprintf("%s/%s", family, name), value)
		switch {
		case err == nil && seen[one.Name]:
			err = errors.New("there is another of this name")
		case err == nil && one.Schema != "":
			err = errors.New("$schema belongs at the top of the file")
		}
		if err != nil {
			return nil, fmt.Errorf("scenario %s: %w", name, err)
		}
		seen[one.Name] = true
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, errors.New("it has no scenarios")
	}
	return all, nil
}

func parseScenario(name string, raw []byte) (Scenario, error) {
	s := Scenario{Name: name}
	if err := decodeWhole(raw, &s); err != nil {
		return s, err
	}
	return s, s.check()
}

// decodeWhole refuses unknown keys, and anything after the value.
func decodeWhole(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return target.Unreadable(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("there is more after its end")
	}
	return nil
}

// subjects returns the names of the subjects that the scenario's events are about; main is always one.
func (s *Scenario) subjects() []string {
	names := []string{"main"}
	for _, step := range s.Steps {
		switch {
		case step.Deliver != nil:
			names = append(names, step.Deliver.whose())
		case step.Burst != nil:
			names = append(names, step.Burst.whose())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// whose returns the subject of a sending.
func (s *Sending) whose() string {
	if s.Subject == "" {
		return "main"
	}
	return s.Subject
}

func (s *Scenario) check() error {
	if s.Description == "" {
		return fmt.Errorf("description is missing")
	}
	for _, need := range s.Needs {
		if !slices.Contains(target.Needs, need) {
			return fmt.Errorf("needs: there is no %q; the words are %s", need, strings.Join(target.Needs, ", "))
		}
	}
	if (len(s.Steps) > 0) == (len(s.Life) > 0) {
		return fmt.Errorf("it must have either steps or a life")
	}
	if len(s.Life) > 5 {
		return fmt.Errorf("a life has at most five events: every order of them is tried")
	}
	labels := map[string]bool{}
	for i, event := range s.Life {
		if err := event.check(labels); err != nil {
			return fmt.Errorf("life %d: %w", i+1, err)
		}
	}
	for i, step := range s.Steps {
		if err := step.check(labels, s.Announced); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

func (s *Step) check(labels map[string]bool, announced []string) error {
	verbs := 0
	for _, given := range []bool{s.Deliver != nil, s.Redeliver != "", s.Burst != nil, s.Fault != "", s.Restart != "", s.Make != ""} {
		if given {
			verbs++
		}
	}
	if verbs != 1 {
		return fmt.Errorf("a step has exactly one verb, this one has %d", verbs)
	}
	switch {
	case s.Deliver != nil:
		return s.Deliver.check(labels)
	case s.Redeliver != "" && !labels[s.Redeliver]:
		return fmt.Errorf("redeliver: no earlier step is labelled %q", s.Redeliver)
	case s.Redeliver != "":
		return checkSign(s.Sign)
	case s.Burst != nil && s.Burst.Copies < 2:
		return fmt.Errorf("burst: copies must be 2 or more")
	case s.Burst != nil && s.Burst.Of != "" && !labels[s.Burst.Of]:
		return fmt.Errorf("burst: no earlier step is labelled %q", s.Burst.Of)
	case s.Burst != nil && s.Burst.Of == "":
		return s.Burst.check(labels)
	case s.Fault != "" && s.Fault != "database-back" && !slices.Contains(target.Faults, s.Fault):
		return fmt.Errorf("fault: there is no %q; the words are %s, database-back", s.Fault, strings.Join(target.Faults, ", "))
	case s.Restart != "" && s.Restart != "stop" && s.Restart != "kill":
		return fmt.Errorf("restart: %q is neither stop nor kill", s.Restart)
	case s.Make != "" && !slices.Contains(announced, s.Make):
		return fmt.Errorf("make: %q was not announced", s.Make)
	}
	return nil
}

func (s *Sending) check(labels map[string]bool) error {
	if (s.Event != "") == (s.Raw != nil) {
		return fmt.Errorf("a delivery has either an event or a raw body")
	}
	if s.Version != "" && !slices.Contains(fixtures.Versions(), s.Version) {
		return fmt.Errorf("version: there are no events of %q; there are %s", s.Version, strings.Join(fixtures.Versions(), ", "))
	}
	if s.As != "" {
		labels[s.As] = true
	}
	return checkSign(s.Sign)
}

func checkSign(word string) error {
	if _, known := event.Signings[word]; word != "" && !known {
		return fmt.Errorf("sign: there is no %q; the words are %s", word, strings.Join(slices.Sorted(maps.Keys(event.Signings)), ", "))
	}
	return nil
}
