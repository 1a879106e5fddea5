package life

import (
	"maps"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/suggest"
)

// isMetadata reports whether a name is of all metadata of an object, such as metadata.* or subscription.metadata.*
func isMetadata(name string) bool { return strings.HasSuffix("."+name, ".metadata.*") }

// Takes reports whether a subject can have a value of that name: one of the names, or a key of metadata that the life binds.
func (l *Life) Takes(name string) bool {
	_, named := l.Names[name]
	return named || slices.ContainsFunc(l.boundMetadata(), func(all string) bool {
		key, is := strings.CutPrefix(name, strings.TrimSuffix(all, "*"))
		return is && key != ""
	})
}

// MeantBy returns a question that names what was perhaps meant by a name that the life does not take; "" if nothing is near.
func (l *Life) MeantBy(name string) string {
	known := slices.Sorted(maps.Keys(l.Names))
	if dot := strings.LastIndex(name, "."); dot >= 0 { // the key is the target's own
		for _, all := range l.boundMetadata() {
			known = append(known, strings.TrimSuffix(all, "*")+name[dot+1:])
		}
	}
	return suggest.DidYouMean(name, known)
}

// boundMetadata returns the names of metadata that the life binds somewhere, such as metadata.*
func (l *Life) boundMetadata() (names []string) {
	all := []bindings{l.bind}
	for _, w := range l.Words {
		all = append(all, w.bind)
	}
	for _, places := range all {
		for _, to := range places {
			for _, bound := range append(slices.Collect(maps.Values(to.byKind)), to.name) {
				for name := range strings.SplitSeq(bound, "|") {
					if isMetadata(name) {
						names = append(names, name)
					}
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// checkMetadata checks the names of metadata, which names does not list: what nothing binds ties nothing, and no subject can have it.
func (l *Life) checkMetadata(ties []string) error {
	bound := l.boundMetadata()
	check := func(needs []string, at ...string) error {
		for _, need := range needs {
			for name := range strings.SplitSeq(need, "|") {
				if isMetadata(name) && !slices.Contains(bound, name) {
					return place(at).Wrong("bind has no %q%s", name, suggest.DidYouMean(name, bound))
				}
			}
		}
		return nil
	}
	err := check(ties, "ties")
	for _, word := range slices.Sorted(maps.Keys(l.Words)) {
		if err == nil {
			err = check(l.Words[word].Needs, "words", word, "needs")
		}
	}
	for _, form := range slices.Sorted(maps.Keys(l.Forms)) {
		if err == nil {
			err = check(l.Forms[form].Needs, "forms", form, "needs")
		}
	}
	return err
}
