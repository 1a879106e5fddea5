package main

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	p, err := newPlan(2, time.Second, "", "", "8,1, 32,8")
	require.NoError(t, err)
	require.Equal(t, []int{1, 8, 32}, p.connections)
	require.Equal(t, []string{"pgbench", "booking-server", "express-pg", "express-prisma"}, p.servers)

	count := map[string]int{}
	for _, j := range p.jobs(0) {
		count[j.String()]++
	}
	require.Len(t, count, 3*(1+5*3)+3, "the limit once, five mixes for each server, and the burst of the crowd")
	for what, n := range count {
		require.Equal(t, 1, n, what)
	}
	sorted := func(jobs []job) (names []string) {
		for _, j := range jobs {
			names = append(names, j.String())
		}
		slices.Sort(names)
		return names
	}
	require.Equal(t, sorted(p.jobs(0)), sorted(p.jobs(1)), "every round has the same")
	require.Equal(t, sorted(p.jobs(0)), sorted(p.inOrder()))
	require.Equal(t, "pgbench", p.jobs(0)[0].server)
	require.Equal(t, "booking-server", p.jobs(1)[0].server, "the rounds begin with another each")
	require.Equal(t, "pgbench", p.inOrder()[0].server)

	p, err = newPlan(1, time.Second, "booking-server, pgbench", "forged,unique", "8")
	require.NoError(t, err)
	require.Equal(t, []string{"pgbench", "booking-server"}, p.servers)
	require.Len(t, p.jobs(0), 3)
}

func TestBadUseNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-rounds", "0"}, "-rounds must be 1 or more"},
		{[]string{"-time", "1h"}, "-time from 100ms to 1m"},
		{[]string{"-servers", "nginx"}, `-servers has no "nginx"; it knows pgbench, booking-server, express-pg, express-prisma`},
		{[]string{"-mixes", "sweet"}, `-mixes has no "sweet"`},
		{[]string{"-connections", "many"}, "-connections must be numbers from 1 to 256"},
		{[]string{"-connections", "1000"}, "-connections must be numbers from 1 to 256"},
		{[]string{"-colour"}, "-colour"},
		{[]string{"unique"}, `"unique" is no flag`},
		{[]string{"-from", "plan.go"}, "plan.go is no report"},
		{[]string{"-page", "plan.go"}, "-page plan.go: the page has no place for tables"},
		{[]string{"-page", "no.md"}, "-page no.md: "},
		{[]string{"-page", "testdata"}, "-page: open testdata: is a directory"},
		{[]string{"-json", "no/such/report.json"}, "-json: no/such/report.json cannot be written"},
		{[]string{"-svg", "no/such/picture.svg"}, "-svg: no/such/picture.svg cannot be written"},
		{[]string{"-engine", "-page", "../docs/benchmark.md"}, "-page are of the whole measurement"},
		{[]string{"-engine", "-deliveries", "1"}, "-deliveries must be 10 or more"},
	} {
		err := run(t.Context(), c.args, t.Output())
		require.ErrorContains(t, err, c.want)
		require.ErrorAs(t, err, &misuse{}, "exit status 2")
		require.NoFileExists(t, "no.md")
	}
}
