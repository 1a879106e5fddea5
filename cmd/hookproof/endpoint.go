package main

import (
	"errors"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof"
)

// secretVariable is the environment's place for the secret: a command line is seen by others.
const secretVariable = "HOOKPROOF_SECRET"

// endpoint is what a command line says of a target.
type endpoint struct {
	target hookproof.Target
	file   string // a target file instead
	getenv func(string) string
}

// endpointFlags gives a command the flags that name its target.
func endpointFlags(cmd *cobra.Command, getenv func(string) string) *endpoint {
	e := &endpoint{getenv: getenv}
	flags := cmd.Flags()
	flags.StringVar(&e.target.URL, "url", "", "the `URL` where deliveries go, for example http://127.0.0.1:3000/webhooks/stripe")
	flags.StringVar(&e.target.Secret, "secret", "", "the signing `SECRET` that the target verifies with; else $"+secretVariable)
	flags.StringVar(&e.target.PreviousSecret, "previous-secret", "", "the `SECRET` being rotated out, if there is one that is still good")
	flags.BoolVar(&e.target.Livemode, "livemode", false, "the target takes live events for its own, not test events")
	flags.StringArrayVar(&e.target.AllowHosts, "allow-host", nil, "a `HOST` of yours to attack, neither on this machine nor private; repeatable")
	return e
}

// fileFlag lets a command's target be named by a file, too.
func (e *endpoint) fileFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&e.file, "target", "", "the target `FILE`; 'hookproof init' writes one")
}

// known is the target that the flags name, known to be one that may be attacked.
func (e *endpoint) known() (*hookproof.Target, error) {
	switch {
	case e.file != "" && (e.target.URL != "" || e.target.Secret != ""):
		return nil, errors.New("--target has the URL and the secret; give it alone, or --url and --secret without it")
	case e.file != "" && (e.target.PreviousSecret != "" || e.target.Livemode):
		return nil, errors.New("--previous-secret and --livemode go with --url; the target file has previousSecret and livemode for them")
	case e.file != "":
		t, err := hookproof.LoadTarget(e.file, e.getenv)
		if err != nil {
			return nil, err
		}
		t.AllowHosts = e.target.AllowHosts
		return t, t.Check()
	}
	if e.target.URL == "" {
		return nil, errors.New("name the endpoint by --url and --secret, or by --target FILE; 'hookproof init' writes such a file")
	}
	if e.target.Secret == "" {
		e.target.Secret = e.getenv(secretVariable)
	}
	return &e.target, e.target.Check()
}
