package life

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.com/hookproof/hookproof/internal/jsonfile"
)

// instant is a point in time of a story.
type instant struct {
	since time.Duration // since the story began
	is    string        // another instant that it is, until a word says that it has become a third
	says  string        // a description for people
}

// named reports whether a state can be seen to show the instant. On the day on which the story is told, a date alone would not tell it
// from the rest of the day.
func (i instant) named() bool { return i.is == "" && i.since.Abs() >= apart }

// now is the instant at which an event happens, in every life.
const now = "now"

// apart is how far two instants are from each other at least, so that a date alone tells them apart.
const apart = 24 * time.Hour

// distance is how far away an instant is, in a life.json.
type distance struct{ Days, Minutes int64 }

func (d distance) duration() time.Duration {
	return time.Duration(d.Days)*24*time.Hour + time.Duration(d.Minutes)*time.Minute
}

// parseTimes reads the instants.
func (l *Life) parseTimes(given map[string]json.RawMessage) error {
	l.times = map[string]instant{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		var file struct {
			distance
			Is, Says string
		}
		if err := jsonfile.Decode(given[name], &file); err != nil {
			return jsonfile.At(err, name)
		}
		if _, isName := l.Names[name]; isName || name == now {
			return place{name}.Wrong("another name is called so")
		}
		at := instant{file.duration(), file.Is, file.Says}
		for _, other := range slices.Sorted(maps.Keys(l.times)) {
			if there := l.times[other]; at.named() && there.named() && (at.since-there.since).Abs() < apart {
				return place{name}.Wrong("it is less than a day from %s", other)
			}
		}
		l.times[name] = at
	}
	for _, name := range slices.Sorted(maps.Keys(l.times)) {
		if is := l.times[name].is; is != "" && (l.times[is] == instant{} && given[is] == nil || l.times[is].is != "") {
			return place{name, "is"}.Wrong("times has no %q of its own", is)
		}
	}
	return nil
}

// placeholderForm matches how a state shows an instant.
var placeholderForm = regexp.MustCompile(`\{\{[A-Za-z0-9.]+\}\}`)

// Instants returns the instants that a text shows as states do, each once and with its description, such as "{{periodEnd.1}} is the end of the
// first period". Those without a description are left out.
func (l *Life) Instants(text string) (list []string) {
	for _, shown := range placeholderForm.FindAllString(text, -1) {
		name := strings.Trim(shown, "{}")
		form, rest, _ := strings.Cut(name, ".")
		says := l.times[name].says
		if _, isForm := l.Forms[form]; isForm && l.times[rest].says != "" {
			says = l.times[rest].says + ", " + l.Forms[form].Says
		}
		if told := shown + " is " + says; says != "" && !slices.Contains(list, told) {
			list = append(list, told)
		}
	}
	return list
}

// isTime reports whether a name is of an instant.
func (l *Life) isTime(name string) bool {
	_, is := l.times[name]
	return is || name == now && len(l.times) > 0
}

// Times returns the instants of a story that began at born, by their names. The story is the words that it tells. The instants of a form's
// story that goes on beside the subject's own begin with the form's name and a dot. Those of the day on which the story is told have no name: a date alone would not tell them
// from the rest of the day.
func (l *Life) Times(born time.Time, story ...string) map[string]time.Time {
	times := map[string]time.Time{}
	for _, form := range append(slices.Sorted(maps.Keys(l.Forms)), "") {
		if form != "" && !slices.ContainsFunc(story, func(word string) bool { return l.FormOf(word) == form }) {
			continue
		}
		prefix := ""
		if l.Forms[form].isBeside() {
			prefix = form + "."
		}
		passed := l.passed(form, story)
		for name, at := range l.times {
			if since := at.since - passed; at.named() && since.Abs() >= apart {
				times[prefix+name] = time.Unix(born.Add(since).Unix(), 0)
			}
		}
	}
	return times
}

// passed returns how long before its birth a story has really begun. A word of it says which instant is past when it happens: the
// start of a second period is no future. The events themselves are told now, as Stripe sends them.
func (l *Life) passed(form string, story []string) time.Duration {
	longest := time.Duration(0)
	for _, word := range story {
		if w, is := l.Vocabulary[word]; is && w.after != "" && l.FormOf(word) == form {
			longest = max(longest, l.times[w.after].since+2*apart)
		}
	}
	return longest + l.Forms[form].earlier
}
