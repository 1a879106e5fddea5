package life

import (
	"encoding/json"
	"errors"
)

// sum is a name's number and so much more.
type sum struct {
	Name string
	N    int64
}

// UnmarshalJSON reads a name and a number.
func (a *sum) UnmarshalJSON(raw []byte) error {
	var terms []json.RawMessage
	if json.Unmarshal(raw, &terms) != nil || len(terms) != 2 || json.Unmarshal(terms[0], &a.Name) != nil || json.Unmarshal(terms[1], &a.N) != nil {
		return errors.New("add is of a name and a whole number")
	}
	return nil
}

// refersTo returns the names that a name's value is made of.
func (n LifeName) refersTo() (names []string) {
	for _, name := range []string{n.Is, n.Times, n.Each} {
		if name != "" {
			names = append(names, name)
		}
	}
	if n.Add != nil {
		names = append(names, n.Add.Name)
	}
	return names
}
