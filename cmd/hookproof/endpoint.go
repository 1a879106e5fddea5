package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// endpoint is what a command line says of a target.
type endpoint struct {
	target target.Target
	file   string // a target file instead
	flags  *pflag.FlagSet
	getenv func(string) string
	ask    func(what string) (string, error) // a person for a secret
}

// endpointFlags gives a command the flags that name its target.
func endpointFlags(cmd *cobra.Command, getenv func(string) string) *endpoint {
	flags := cmd.Flags()
	e := &endpoint{flags: flags, getenv: getenv, ask: func(what string) (string, error) { return askSecret(cmd, what) }}
	flags.StringVar(&e.target.URL, "url", "", "the `URL` where deliveries go, for example http://127.0.0.1:3000/webhooks/stripe")
	flags.StringVar(&e.target.Secret, "secret", "", "the signing `SECRET` that the target verifies with; else $"+result.SecretVariable)
	flags.StringVar(&e.target.PreviousSecret, "previous-secret", "", "the `SECRET` being rotated out, if there is one that is still good; else $"+result.PreviousSecretVariable)
	flags.BoolVar(&e.target.Livemode, "livemode", false, "the target treats live events as its own, not test events")
	flags.StringVar(&e.target.APIVersion, "api-version", "", "the API `VERSION` of the events, if the target refuses others; the default is 2023-10-16")
	flags.StringArrayVar(&e.target.AllowHosts, "allow-host", nil, "a `HOST` of yours that is neither on this machine nor in a private network; repeatable")
	return e
}

// fileFlag lets a command's target be named by a file, too.
func (e *endpoint) fileFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&e.file, "target", "", "the target `FILE`; 'hookproof init' writes one")
}

// known is the target that the flags name, known to be one that may be attacked.
func (e *endpoint) known() (*target.Target, error) {
	switch {
	case e.file != "" && (e.target.URL != "" || e.target.Secret != ""):
		return nil, errors.New("--target has the URL and the secret; give it alone, or --url and --secret without it")
	case e.file != "" && (e.target.PreviousSecret != "" || e.target.Livemode):
		return nil, errors.New("--previous-secret and --livemode go with --url; the target file has previousSecret and livemode for them")
	case e.file != "" && e.target.APIVersion != "":
		return nil, errors.New("--api-version goes with --url; the target file has apiVersion for it")
	case e.file != "":
		t, err := target.Load(e.file, e.getenv)
		if err != nil {
			return nil, err
		}
		t.AllowHosts = e.target.AllowHosts
		return t, t.Check()
	}
	if e.target.URL == "" {
		return nil, errors.New("name the endpoint by --url and --secret, or by --target FILE; 'hookproof init' writes such a file")
	}
	for _, one := range []struct {
		flag, variable, what string
		secret               *string
		needed               bool
	}{
		{"secret", result.SecretVariable, "the signing secret of " + e.target.URL, &e.target.Secret, true},
		{"previous-secret", result.PreviousSecretVariable, "the secret being rotated out", &e.target.PreviousSecret, e.flags.Changed("previous-secret")},
	} {
		if *one.secret == "" {
			*one.secret = e.getenv(one.variable)
		}
		if *one.secret == "" && one.needed {
			var err error
			if *one.secret, err = e.ask(one.what + ", else in " + one.variable); err != nil {
				return nil, err
			}
		}
		if *one.secret == "" && e.flags.Changed(one.flag) {
			return nil, fmt.Errorf("--%s is empty, and so is the environment variable %s, where the commands that rerun a failure take it from", one.flag, one.variable)
		}
	}
	if e.target.Secret == "" {
		return nil, fmt.Errorf("the secret is missing: give the signing secret of the target by --secret or in the environment variable %s; there is no terminal to ask at", result.SecretVariable)
	}
	return &e.target, e.target.Check()
}
