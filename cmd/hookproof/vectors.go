package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"example.com/hookproof/fixtures"
)

// vectorFlags are what the command line says of vectors.
type vectorFlags struct {
	asJSON, noClock, verbose bool
	flags, groups            []string
	exec                     string
	target                   *endpoint
}

func vectorsCommand(getenv func(string) string) *cobra.Command {
	var v vectorFlags
	cmd := &cobra.Command{
		Use:   "vectors [--flag F] [--group G] [--json | --exec PROG [ARG…] | --url URL --secret SECRET]",
		Short: "Print the signature vectors, or run them",
		Long: `vectors prints deliveries that a verification of Stripe-Signature must accept (valid), must refuse (invalid) or may
do either with (acceptable). docs/vectors.md describes them.

--exec runs them by a program of yours that calls the verification. It gets one vector a line on its standard
input, as JSON: tcId, secrets, header (null: there is none), body (base64), now and nowMillis (the clock to set),
tolerance (seconds); and it answers accept or refuse, a line each, in that order.

--url runs them against an endpoint. Vectors are never signed anew, since the signatures are what is tested: start
the endpoint with the secret that 'hookproof vectors' names for most of them and with a tolerance of a century, on
today's clock. Vectors that cannot be tested so are not run, and the last lines count them, with the reasons.`,
		Example: `  hookproof vectors --group header --flag Spaces
  hookproof vectors --exec python3 examples/verifiers/verify.py
  hookproof vectors --exec node -- --no-warnings verify.mjs
  hookproof vectors --url http://127.0.0.1:3000/webhooks/stripe --secret whsec_aG9va3Byb29mLXZlY3RvcnM=`,
		DisableFlagsInUseLine: true,
		RunE:                  func(cmd *cobra.Command, args []string) error { return v.run(cmd, args) },
	}
	v.target = endpointFlags(cmd, getenv)
	flags := cmd.Flags()
	flags.BoolVar(&v.asJSON, "json", false, "print the vectors as they are in fixtures/vectors")
	flags.StringVar(&v.exec, "exec", "", "the `PROG`ram that verifies; the arguments are its own")
	flags.BoolVar(&v.noClock, "no-clock", false, "with --exec: the verification has no clock to set; leave out what needs one")
	flags.StringArrayVar(&v.flags, "flag", nil, "only vectors with the flag `F`; repeatable, one of them is enough")
	flags.StringArrayVar(&v.groups, "group", nil, "only vectors of the group `G`: header, time, body, secret; repeatable")
	flags.BoolVarP(&v.verbose, "verbose", "v", false, "print every vector that is run, and every one that is not")
	return cmd
}

// run prints the vectors that are asked for, or runs them.
func (v vectorFlags) run(cmd *cobra.Command, args []string) error {
	if err := v.check(args); err != nil {
		return err
	}
	all, err := fixtures.Vectors()
	if err != nil {
		return err
	}
	suite, err := filtered(all, v)
	if err != nil {
		return err
	}
	switch {
	case v.asJSON:
		return printJSON(cmd.OutOrStdout(), suite)
	case v.exec != "":
		leftOut := func(string, fixtures.Vector) string { return "" }
		if v.noClock {
			leftOut = needsClock
		}
		return runVectors(cmd, suite, program{append([]string{v.exec}, args...)}, leftOut, v.verbose)
	case v.target.target.URL == "":
		return printVectors(cmd.OutOrStdout(), suite)
	}
	known, err := v.target.known()
	if err != nil {
		return err
	}
	live, err := newLive(known, all)
	if err == nil {
		err = known.Reach(cmd.Context())
	}
	if err != nil {
		return err
	}
	return runVectors(cmd, suite, live, live.leftOut, v.verbose)
}

// check returns what is wrong with the command line.
func (v vectorFlags) check(args []string) error {
	switch named := v.target.target; {
	case len(args) > 0 && v.exec == "":
		return fmt.Errorf("vectors: %q is an argument of no program; name one with --exec", args[0])
	case v.asJSON && v.exec != "", v.asJSON && named.URL != "", v.exec != "" && named.URL != "":
		return errors.New("vectors: --json prints, --exec asks a program and --url an endpoint; give one of them")
	case v.noClock && v.exec == "":
		return errors.New("vectors: --no-clock is about the program that --exec names")
	case named.URL == "" && (named.Secret != "" || named.PreviousSecret != ""):
		return errors.New("vectors: --secret and --previous-secret are the endpoint's that --url names; vectors have their own")
	}
	return nil
}

// filtered is the suite with only those vectors that are asked for.
func filtered(suite fixtures.Suite, v vectorFlags) (fixtures.Suite, error) {
	var names []string
	for _, group := range suite.Groups {
		names = append(names, group.Name)
	}
	for _, name := range v.groups {
		if !slices.Contains(names, name) {
			return suite, fmt.Errorf("vectors: there is no group %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	for _, flag := range v.flags {
		if _, is := suite.Notes[flag]; !is {
			return suite, fmt.Errorf("vectors: there is no flag %q; 'hookproof vectors' shows them", flag)
		}
	}
	var groups []fixtures.Group
	for _, group := range suite.Groups {
		if len(v.groups) > 0 && !slices.Contains(v.groups, group.Name) {
			continue
		}
		group.Tests = slices.DeleteFunc(slices.Clone(group.Tests), func(vector fixtures.Vector) bool {
			return len(v.flags) > 0 && !flagged(vector, v.flags)
		})
		if len(group.Tests) > 0 {
			groups = append(groups, group)
		}
	}
	suite.Groups = groups
	if suite.NumberOfTests = len(suite.Tests()); suite.NumberOfTests == 0 {
		return suite, errors.New("vectors: no vector has both such a flag and such a group")
	}
	return suite, nil
}

func flagged(v fixtures.Vector, flags []string) bool {
	return slices.ContainsFunc(v.Flags, func(flag string) bool { return slices.Contains(flags, flag) })
}

// printVectors is the list for people.
func printVectors(out io.Writer, suite fixtures.Suite) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, group := range suite.Groups {
		for _, v := range group.Tests {
			if _, err := fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", v.ID, group.Name, v.Result, strings.Join(v.Flags, " "), v.Comment); err != nil {
				return err
			}
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s; the secret of most is %s\n", count(suite.NumberOfTests, "vector", "vectors"), shown(usualSecret(suite)))
	return err
}

// usualSecret is the secret that most vectors have.
func usualSecret(suite fixtures.Suite) string {
	uses, most := map[string]int{}, ""
	for _, v := range suite.Tests() {
		for _, secret := range v.Secrets {
			if uses[secret]++; uses[secret] > uses[most] {
				most = secret
			}
		}
	}
	return most
}

// shown is a secret as a shell takes it, where it has characters that would not be seen.
func shown(secret string) string {
	if strings.ContainsAny(secret, " \n\"") || secret == "" {
		return fmt.Sprintf("%q", secret)
	}
	return secret
}
