package main

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/process"
	runs "example.com/hookproof/hookproof/run"
)

// initQuestion is one thing that init has to know. Its name is the flag that answers it.
type initQuestion struct {
	name     string
	usage    string                                // of the flag
	asks     func(*inquiry) string                 // the words of the question
	when     func(*inquiry) bool                   // whether it is asked; nil is always
	before   func(*inquiry) error                  // what is found out before it is asked, if it is; nil is nothing
	proposes func(*inquiry) proposal               // nil proposes nothing
	form     func(i *inquiry, answer string) error // what is wrong with an answer wherever it is given; nil is nothing
	takes    func(i *inquiry, answer string) error // the error is what is wrong with the answer here
	optional bool                                  // an empty answer leaves it out
	secret   bool                                  // the answer is not shown

	// unanswered is what is said where --yes alone would have to answer: the answer must be meant. nil is a question that --yes answers.
	unanswered func(*inquiry) string
}

// what says what a question is about.
func (q initQuestion) what() string {
	before, rest, _ := strings.Cut(q.usage, "`")
	taken, after, _ := strings.Cut(rest, "`")
	if taken != "URL" && taken != "JSON" && taken != "DSN" {
		taken = strings.ToLower(taken)
	}
	return before + taken + after
}

// proposal is an answer that init has found, and on what it is based. Its zero value proposes nothing.
type proposal struct {
	answer string
	shown  string // instead of the answer, if that has a secret
	basis  string
	is     bool // there is one, also where the answer is empty
}

// propose is a proposal.
func propose(answer, basis string) proposal { return proposal{answer: answer, basis: basis, is: true} }

// inquiry is what init knows so far.
type inquiry struct {
	*asker
	getenv  func(string) string
	flags   map[string][]string // answers that flags give, by question
	yes     bool                // every proposal is taken
	offline bool                // the endpoint is not looked at
	folder  string              // of the target file
	target  string              // the target file's path

	sources sources // of the endpoint; nil if they were not read yet

	file  targetFile
	lives []chosenLife

	processes []process.Process
	process   *process.Process // that listens at the target's address; nil if it is not known
	base      database         // where the process has its database
	mayTry    bool             // init may stop and start the process

	// Of the life that is asked about.
	life     *life.Life
	hooks    *lifeHooks
	members  [2]any       // the answers of the subject hook
	why      error        // why the subject hook does not work without a body; nil if it does
	looked   *runs.Looked // nil if nobody has looked yet
	returned bool         // the life's question was asked again since no payment showed
}

// again is an error that asks an earlier question again.
type again struct{ name, why string }

func (e *again) Error() string { return e.why }

// ask goes through questions: each is answered by its flag, or by its proposal if --yes says so, or by whoever is asked.
func (i *inquiry) ask(questions []initQuestion) error {
	for n := 0; n < len(questions); n++ {
		q := questions[n]
		if q.when != nil && !q.when(i) {
			continue
		}
		err := i.answer(q)
		var back *again
		if errors.As(err, &back) {
			i.say("\n%s", back.why)
			n = slices.IndexFunc(questions, func(q initQuestion) bool { return q.name == back.name }) - 1
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// answer gets the answer of one question.
func (i *inquiry) answer(q initQuestion) error {
	if q.before != nil {
		if err := q.before(i); err != nil {
			return err
		}
		if q.when != nil && !q.when(i) { // what was found out leaves nothing to ask
			return nil
		}
	}
	if given, is := i.given(q.name); is {
		if err := i.take(q, given); err != nil {
			return i.flagged(q, err)
		}
		return nil
	}
	var p proposal
	if q.proposes != nil {
		p = q.proposes(i)
	}
	if p.shown == "" {
		p.shown = p.answer
	}
	if i.yes {
		return i.agree(q, p)
	}
	for first := true; ; first = false {
		i.show(q, p, first)
		read := i.line
		if q.secret {
			read = i.hidden
		}
		line, err := read()
		if err != nil {
			i.say("") // the error is a line of its own
		}
		if errors.Is(err, errNobody) {
			return fmt.Errorf("%w: --%s is missing (%s)", err, q.name, q.what())
		}
		if err != nil {
			return err
		}
		answer := strings.TrimSpace(line)
		if answer == "" || p.is && p.answer != "" && isYes.MatchString(answer) {
			answer = p.answer
		}
		err = i.take(q, answer)
		var back *again
		if err == nil || errors.As(err, &back) || i.ctx.Err() != nil {
			return err
		}
		i.say("Cannot use this answer: %v.", err)
	}
}

// agree takes the proposal for --yes.
func (i *inquiry) agree(q initQuestion, p proposal) error {
	switch {
	case q.unanswered != nil:
		p = proposal{}
		i.say("%s", q.unanswered(i))
	case p.is && p.answer != "":
		since := ""
		if p.basis != "" {
			since = ", since " + p.basis
		}
		i.say("--%s: %s%s", q.name, p.shown, since)
	case !q.optional:
		return fmt.Errorf("--%s is missing (%s): %s", q.name, q.what(), cmp.Or(p.basis, "nothing was found to propose"))
	}
	if err := i.take(q, p.answer); err != nil {
		return i.flagged(q, err)
	}
	return nil
}

// take takes an answer, if it has the form of one.
func (i *inquiry) take(q initQuestion, answer string) error {
	if q.form != nil {
		if err := q.form(i, answer); err != nil {
			return err
		}
	}
	return q.takes(i, answer)
}

// forms returns what is wrong with the form of a flag's answer to one of these questions: it is told before anything is made at the target.
func (i *inquiry) forms(questions []initQuestion) error {
	for _, q := range questions {
		given, is := i.given(q.name)
		if !is || q.form == nil {
			continue
		}
		if err := q.form(i, given); err != nil {
			return i.flagged(q, err)
		}
	}
	return nil
}

// flagged is what is wrong with the answer that a flag gives, or a proposal.
func (i *inquiry) flagged(q initQuestion, err error) error {
	var back *again
	if errors.As(err, &back) {
		return err
	}
	return fmt.Errorf("--%s: %w", q.name, err)
}

// given is the answer that a flag gives. For a question about a life it may begin with the life's name and =.
func (i *inquiry) given(name string) (string, bool) {
	all := i.flags[name]
	if len(i.lives) < 2 || i.life == nil {
		if len(all) == 0 {
			return "", false
		}
		return all[len(all)-1], true
	}
	found, is := "", false
	for _, text := range all {
		of, rest, scoped := strings.Cut(text, "=")
		if scoped && slices.ContainsFunc(i.lives, func(c chosenLife) bool { return c.life.Name == of }) {
			if of == i.life.Name {
				found, is = rest, true
			}
		} else if !is {
			found, is = text, true
		}
	}
	return found, is
}

// isYes matches what takes a proposal, as an empty line does. No question that has a proposal has such an answer of its own, but for yes
// to a question that proposes yes.
var isYes = regexp.MustCompile(`^(?i:y|yes)$`)

// show writes a question, with what is proposed and why. Asked again, it is its last line.
func (i *inquiry) show(q initQuestion, p proposal, first bool) {
	text := "\n" + q.asks(i)
	if !first {
		text = "\n" + text[strings.LastIndexByte(text, '\n')+1:]
	}
	if first && p.is && p.basis != "" {
		text += "\n" + upper(p.basis) + "."
	}
	if p.shown != "" {
		text += " [Enter takes " + p.shown + "]"
	}
	_, _ = fmt.Fprint(i.out, text+"\n> ")
}

func upper(text string) string {
	if first, _, _ := strings.Cut(text, " "); text == "" || strings.Contains(first, ":") { // server.js:20 is a place
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// masked shows that a secret is there, and of what kind.
func masked(secret string) string {
	if strings.HasPrefix(secret, "whsec_") {
		return "whsec_…"
	}
	return "…"
}
