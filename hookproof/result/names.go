package result

import "strings"

// And lists names as a sentence does: a, b and c. Without names it is "".
func And(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
