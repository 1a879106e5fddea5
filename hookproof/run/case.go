package run

import (
	"fmt"
	"slices"

	"example.com/hookproof/hookproof/check"
)

// Case is what is tried: one relation of a check, with one order of events and one choice of alternatives.
type Case struct {
	Check check.Check
	check.Relation
	Delivered, Compared check.Schedule // the relation's two sides
	Or                  []string       // other schedules after which the state may be as well

	Message   int   // the message between target and database at which the fault strikes; 0 is each in turn
	MinCopies int   // how many copies are needed for some to overlap; 0 is the relation's own number
	AtOnce    bool  // the states are compared at once, not at the end of the run
	Grants    masks // places of the state to which being paid adds
	NotAccess masks // places that show what was chosen, and not what is allowed
	Row       int   // its place among the check's cases
}

// casesOf returns a check's cases. If a relation has more than limit orders, a seed picks some. An error is a mistake in the
// check's row.
func casesOf(c check.Check, limit int, seed uint64) ([]Case, error) {
	var all []Case
	for _, relation := range c.Relations {
		rights := check.Expand(relation.Right, limit, seed)
		relation.Right = rights[0]
		compared, err := check.ParseSchedule(check.LifeOf(c), relation.Right)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		orders := limit
		if relation.Orders > 0 && limit < check.ThoroughOrders {
			orders = relation.Orders
		}
		for _, text := range check.Expand(relation.Left, orders, seed) {
			delivered, err := check.ParseSchedule(check.LifeOf(c), text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.Name, err)
			}
			if relation.Op == "=" && relation.Fault == "" && delivered.String() == compared.String() {
				continue // the order that the reference has
			}
			one := relation
			one.Left = text
			all = append(all, Case{Check: c, Relation: one, Delivered: delivered, Compared: compared, Or: rights[1:], Row: len(all)})
		}
	}
	return all, nil
}

// crowded is the case with as many copies as are needed for some to overlap, so that the report shows what is sent.
func (c Case) crowded(least int) Case {
	c.Delivered, c.MinCopies = c.Delivered.Crowded(least), least
	c.Left = c.Delivered.String()
	return c
}

// with is the case with two other schedules. Their states are compared at once.
func (c Case) with(delivered, compared check.Schedule) Case {
	c.Delivered, c.Compared, c.AtOnce = delivered, compared, true
	c.Left, c.Right = delivered.String(), compared.String()
	return c
}

// comparesReferences reports whether both sides are delivered once, without faults, and may serve other cases as well.
func (c Case) comparesReferences() bool {
	return slices.Contains([]string{"≠", "∋", "adds", "moves", "tells"}, c.Op)
}

// comparesTheEnd reports whether the case asks that the end of what was granted shows.
func (c Case) comparesTheEnd() bool {
	roles := c.roles()
	return c.Op == "≠" && c.Left == roles.grantEnd && c.Right == roles.grant
}

// base is the common beginning of both schedules, without the compared schedule's last step at least. Its state shows what came
// after it. What is compared with all that grants has no base: some of that may be among what does not grant yet.
func (c Case) base() string {
	if c.Right == c.roles().grant {
		return ""
	}
	n := 0
	for n < min(len(c.Delivered), len(c.Compared)-1) && c.Delivered[n] == c.Compared[n] {
		n++
	}
	if len(c.Compared[:n].Events()) == 0 {
		return ""
	}
	return c.Compared[:n].String()
}
