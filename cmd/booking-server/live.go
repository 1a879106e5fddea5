package main

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/lib/pq"
)

// With a live Stripe key the server takes real money. Then whoever knows JWT_SECRET is an administrator, and
// whoever knows a webhook secret confirms bookings without paying, so that a secret which everybody knows, or
// could guess, is an error. Beside a test key it is a warning, or nothing.

// published are the secrets that this project ships: in docker-compose.yml, and in the signature vectors. Any of
// them is known to everybody, whichever variable it is in.
var published = []string{
	"postgres", "sk_test_localdefault", "whsec_localdefault", "local-default-jwt-secret-change-before-production",
	"local-default-metrics-token", "whsec_aG9va3Byb29mLXZlY3RvcnM=",
}

// secret is what a variable holds that nobody else may know.
type secret struct {
	of     func(c config) []string // in the order given
	prefix string                  // with which each begins beside a live key
	least  int                     // characters behind the prefix; 0 is not checked
	how    string                  // what the operator has to do to get one
}

// fewestKinds is how many different characters a random secret surely has: of 16 hexadecimal digits, fewer are
// drawn about once in 28,000 times.
const fewestKinds = 6

const (
	webhookPrefix = "whsec_"
	makeOne       = "openssl rand -hex 32 makes one"
)

var (
	databaseSecret = &secret{how: "give the database's user another password (ALTER ROLE … PASSWORD …) and write that",
		of: func(c config) []string {
			// No error is possible: setDatabaseURL has accepted the value.
			parsed, _ := pq.NewConfig(c.DatabaseURL)
			return []string{parsed.Password}
		}}
	stripeSecret = &secret{how: "Stripe's dashboard has it under Developers, API keys",
		of: func(c config) []string { return []string{c.StripeSecretKey} }}
	// Stripe's are whsec_ and 32 characters, those of its command line whsec_ and 64.
	webhookSecret = &secret{prefix: webhookPrefix, least: 16, how: "Stripe's dashboard shows the endpoint's under Developers, Webhooks",
		of: func(c config) []string { return c.StripeWebhookSecrets }}
	jwtSecret     = &secret{least: 32, how: makeOne, of: func(c config) []string { return []string{c.JWTSecret} }}
	metricsSecret = &secret{least: 16, how: makeOne, of: func(c config) []string { return []string{c.MetricsToken} }}
)

// exposed reports what in a checked value is open to others.
func (v variable) exposed(c config) (fault, warning string) {
	if v.secret != nil {
		fault, warning = v.secret.judge(c)
	}
	if fault == "" && warning == "" && v.live != nil && c.Livemode {
		fault, warning = v.live(c)
	}
	return fault, warning
}

func (s secret) judge(c config) (fault, warning string) {
	for i, value := range s.of(c) {
		known := slices.Contains(published, value)
		switch {
		case known && !c.Livemode:
			return "", "has the well-known local default; set your own before production"
		case known:
			return "not have the well-known local default beside a live Stripe key, since everybody knows it; " + s.how, ""
		case c.Livemode && s.least > 0 && !s.canBe(value):
			form := fmt.Sprintf("%d characters or more, at least %d of them different", s.least, fewestKinds)
			if s.prefix != "" {
				form = fmt.Sprintf("%s and %s, but part %d is not", s.prefix, form, i+1)
			}
			return fmt.Sprintf("be a secret that nobody can guess beside a live Stripe key: %s; %s", form, s.how), ""
		}
	}
	return "", ""
}

// canBe reports whether a value could be a random secret. It refuses only what surely is none.
func (s secret) canBe(value string) bool {
	rest, found := strings.CutPrefix(value, s.prefix)
	kinds := map[rune]bool{}
	for _, character := range rest {
		kinds[character] = true
	}
	return found && len(rest) >= s.least && len(kinds) >= fewestKinds
}

// liveDatabase warns and does not refuse: between two containers of one machine there is nobody to listen.
func liveDatabase(c config) (fault, warning string) {
	parsed, err := pq.NewConfig(c.DatabaseURL)
	if err != nil || !slices.Contains([]pq.SSLMode{pq.SSLModeDisable, pq.SSLModeAllow, pq.SSLModePrefer}, parsed.SSLMode) {
		return "", ""
	}
	hosts := append([]pq.ConfigMultihost{{Host: parsed.Host, Hostaddr: parsed.Hostaddr}}, parsed.Multi...)
	for _, h := range hosts {
		host := h.Host
		if h.Hostaddr.IsValid() {
			host = h.Hostaddr.String()
		}
		if !isThisMachine(host) {
			return "", fmt.Sprintf("lets the connection go without TLS (sslmode=%s) beside a live Stripe key; "+
				"write sslmode=verify-full, unless nobody else can reach the network between", parsed.SSLMode)
		}
	}
	return "", ""
}

// liveAPIBase takes an https URL that is not Stripe's for the operator's word: a proxy for what leaves his network.
func liveAPIBase(c config) (fault, warning string) {
	u, err := url.Parse(c.StripeAPIBase)
	switch {
	case err != nil || u.Scheme != "https":
		return "be an https URL beside a live Stripe key, which would be sent in the clear; unset it to use Stripe itself", ""
	case u.Hostname() != "api.stripe.com":
		return "", "has the live Stripe key sent to another host than api.stripe.com; unset it unless that host is your proxy"
	}
	return "", ""
}

// livePage warns and does not refuse: the payment is taken and confirmed, whatever the customer sees afterwards.
func livePage(page string) (fault, warning string) {
	if u, err := url.Parse(page); err == nil && isThisMachine(u.Hostname()) {
		return "", "sends a customer of a live Stripe key to his own machine (localhost); set it to a page of yours"
	}
	return "", ""
}

// isThisMachine reports whether a host is reached without any network: a loopback address, or a socket's path. Where
// none is given, lib/pq takes localhost.
func isThisMachine(host string) bool {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
