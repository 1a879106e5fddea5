package run

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// masked replaces a point in time that is no instant of the story: times such as paidAt depend on the clock alone.
const masked = "{{time}}"

var (
	timeText = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z| ?[+-]\d\d(:?\d\d)?)?`)
	dateText = regexp.MustCompile(`^"\d{4}-\d\d-\d\d"$`)
)

// instants are the instants of a story by their names. A state shows the end of a period as {{periodEnd.1}}, so that a wrong one differs.
type instants map[string]time.Time

// digits matches a text of digits alone: a number that is too large for some languages is given so.
var digits = regexp.MustCompile(`^"\d{10}(\d{3})?"$`)

// timeOf returns the time that a value is, if it is a number of these years, in seconds or milliseconds since 1970.
func timeOf(value string) (at time.Time, is bool) {
	if digits.MatchString(value) {
		value = strings.Trim(value, `"`)
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return at, false
	}
	number := int64(n)
	from, to := time.Now().AddDate(-2, 0, 0), time.Now().AddDate(2, 0, 0)
	switch {
	case number > from.Unix() && number < to.Unix():
		return time.Unix(number, 0), true
	case number > from.UnixMilli() && number < to.UnixMilli():
		return time.UnixMilli(number), true
	}
	return at, false
}

// layouts are the forms in which states have times, without a fraction of a second.
var layouts = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"}

var fraction = regexp.MustCompile(`[.,]\d+`)

// parseTime reads a time that timeText has found. One without a zone is in UTC.
func parseTime(text string) (time.Time, bool) {
	text = strings.Replace(fraction.ReplaceAllString(text, ""), " ", "T", 1)
	text = strings.Replace(text, " ", "", 1)
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// sameMoment is how far apart two times may be that are the same instant: a state may have rounded one.
const sameMoment = time.Second

// name returns the name of a time: that of an instant, or masked.
func (i instants) name(at time.Time) string {
	for _, name := range slices.Sorted(maps.Keys(i)) {
		if at.Sub(i[name]).Abs() <= sameMoment {
			return "{{" + name + "}}"
		}
	}
	return masked
}

// ofDay returns the name of the instant on a day, or "".
func (i instants) ofDay(date string) string {
	for _, name := range slices.Sorted(maps.Keys(i)) {
		if i[name].UTC().Format(time.DateOnly) == date {
			return "{{" + name + "}}"
		}
	}
	return ""
}

// timesNamed returns a state with names for its times.
func (c normalized) timesNamed(i instants) normalized {
	named := make(normalized, len(c))
	for pointer, value := range c {
		if at, is := timeOf(value); is {
			named[pointer] = strconv.Quote(i.name(at))
			continue
		}
		if dateText.MatchString(value) {
			if name := i.ofDay(strings.Trim(value, `"`)); name != "" {
				named[pointer] = strconv.Quote(name)
				continue
			}
		}
		named[pointer] = timeText.ReplaceAllStringFunc(value, func(text string) string {
			if at, is := parseTime(text); is {
				return i.name(at)
			}
			return masked
		})
	}
	return named
}
