package result

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// told is a timeline's rows, each as its copies, name, answer and time.
func rowsTold(timeline []Sent) []string {
	var list []string
	for _, r := range Rows(timeline) {
		switch {
		case r.More > 0:
			list = append(list, r.Gap())
		case r.Event == "":
			list = append(list, r.Fault)
		default:
			list = append(list, fmt.Sprintf("%s → %s, %v to %v, %d ids", r.Name(), r.Answer(), r.Latency, r.Slowest, r.IDs))
		}
	}
	return list
}

func TestRows(t *testing.T) {
	t.Parallel()
	var alone, crowd, various []Sent
	for i := range 50 {
		at, id := Millis(i), fmt.Sprintf("evt_%d", i)
		alone = append(alone, Sent{At: at * 100, Event: "paid", Type: "checkout.session.completed", ID: "evt_1", Status: 200, Latency: 1 + at})
		crowd = append(crowd, Sent{At: at, Event: "paid", ID: id, Status: 200 + i%2*300, Latency: 100})
		various = append(various, Sent{At: at * 100, Event: "paid", ID: id, Status: 200 + i, Latency: 1})
	}
	for _, c := range []struct {
		name     string
		timeline []Sent
		want     []string
	}{
		{"none", nil, nil},
		{"as many as are told one by one", alone[:3], []string{
			"paid (checkout.session.completed) → 200, 1 to 1, 1 ids", "paid (checkout.session.completed) → 200, 2 to 2, 1 ids", "paid (checkout.session.completed) → 200, 3 to 3, 1 ids"}},
		{"alike", alone, []string{"50 × paid (checkout.session.completed) → 200, 1 to 50, 1 ids"}},
		{"a fault between", append(append([]Sent{}, alone[:4]...), Sent{Fault: "restarted"}, alone[4]), []string{
			"4 × paid (checkout.session.completed) → 200, 1 to 4, 1 ids", "restarted", "paid (checkout.session.completed) → 200, 5 to 5, 1 ids"}},
		{"a crowd, answered by turns", crowd, []string{"25 × paid → 200, 100 to 100, 25 ids", "25 × paid → 500, 100 to 100, 25 ids"}},
		{"all different", various, append(rowsTold(various[:39]), "11 more rows, in the JSON report")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, rowsTold(c.timeline))
		})
	}
}
