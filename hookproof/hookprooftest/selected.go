package hookprooftest

import (
	"cmp"
	"flag"
	"maps"
	"regexp"
	"slices"
	"strings"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
)

// naming is how the subtests of a test are called.
type naming struct {
	test    string
	several bool // lives are judged, so that one check can be asked of each
}

// of is the name of a finding's subtest: its check, and before it the life where there are several.
func (n naming) of(f hookproof.Finding) string { return n.named(f.Life, f.Check) }

func (n naming) named(life, check string) string {
	if n.several {
		return life + "/" + check
	}
	return check
}

// leftOut are the checks that go test's -run and -skip leave out of all lives, and the lives of which they leave any check in. The judge looks at
// all of a target before the first subtest begins, so that go test alone would only hide what had taken its time.
func (n naming) leftOut(targets []*hookproof.Target, options hookproof.Options) (checks, lives []string, err error) {
	run, err := patternOf(valueOf("test.run"))
	if err != nil {
		return nil, nil, err
	}
	skip, err := patternOf(valueOf("test.skip"))
	if err != nil {
		return nil, nil, err
	}
	in := map[string]bool{}
	for _, one := range targets {
		asked := options.Checks
		if asked == nil {
			asked = check.Of(cmp.Or(one.Life, life.Payment))
		}
		any := false
		for _, c := range asked {
			chosen := chosen(run, skip, n.test, n.named(one.LifeName, c.Name))
			in[c.Name], any = in[c.Name] || chosen, any || chosen
		}
		if any {
			lives = append(lives, one.LifeName)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if !in[name] {
			checks = append(checks, name)
		}
	}
	return checks, lives, nil
}

// rerun is the command that runs checks of a test again.
func rerun(test string, checks ...string) string {
	var all []string
	for _, check := range checks {
		parts := strings.Split(test+"/"+check, "/")
		for i, part := range parts {
			parts[i] = "^" + regexp.QuoteMeta(part) + "$"
		}
		all = append(all, strings.Join(parts, "/"))
	}
	return "go test -run '" + strings.Join(all, "|") + "'"
}

func valueOf(name string) string {
	if f := flag.Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}

// chosen tells whether go test would run a check's subtest of a test. A test that -run does not name was started by something else, which wants all.
func chosen(run, skip pattern, test, check string) bool {
	whole := test + "/" + check
	if run.matches(test, true) && !run.matches(whole, true) {
		return false
	}
	return len(skip) == 0 || !skip.matches(whole, false)
}

// pattern is what -run and -skip take: alternatives, each a regular expression for each part of a test's name.
type pattern [][]*regexp.Regexp

// patternOf reads a pattern as package testing does: | and / divide it where no bracket is open.
func patternOf(text string) (pattern, error) {
	if text == "" {
		return nil, nil
	}
	var all pattern
	var parts []*regexp.Regexp
	begin, squares, rounds := 0, 0, 0
	part := func(end int) error {
		one, err := regexp.Compile(strings.ReplaceAll(text[begin:end], " ", "_"))
		parts, begin = append(parts, one), end+1
		return err
	}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '[':
			squares++
		case ']':
			squares = max(squares-1, 0)
		case '(':
			if squares == 0 {
				rounds++
			}
		case ')':
			if squares == 0 {
				rounds--
			}
		case '\\':
			i++
		case '/', '|':
			if squares > 0 || rounds > 0 {
				continue
			}
			if err := part(i); err != nil {
				return nil, err
			}
			if text[i] == '|' {
				all, parts = append(all, parts), nil
			}
		}
	}
	if err := part(len(text)); err != nil {
		return nil, err
	}
	return append(all, parts), nil
}

// matches tells whether a pattern takes a name: with partly, also one that has fewer parts than the pattern.
func (p pattern) matches(name string, partly bool) bool {
	if p == nil {
		return true
	}
	parts := strings.Split(name, "/")
	for _, alternative := range p {
		if !partly && len(parts) < len(alternative) {
			continue
		}
		takes := true
		for i := range min(len(parts), len(alternative)) {
			takes = takes && alternative[i].MatchString(parts[i])
		}
		if takes {
			return true
		}
	}
	return false
}
