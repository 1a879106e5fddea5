package stripeapi

import (
	"net/http"
	"regexp"
	"strings"
)

// live are keys that must never come here: they would work against the real Stripe.
var live = regexp.MustCompile(`^(sk|rk|pk)_live_`)

// test are keys of test mode.
var test = regexp.MustCompile(`^(sk|rk)_test_`)

// refused returns why a request's key will not do; nil if it will. No key is ever repeated.
func refused(r *http.Request) *failure {
	key, _, isBasic := r.BasicAuth()
	if !isBasic {
		scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if strings.EqualFold(scheme, "Bearer") {
			key = strings.TrimSpace(rest)
		}
	}
	unauthorized := func(message string) *failure {
		return &failure{http.StatusUnauthorized, "invalid_request_error", "", "", message}
	}
	switch {
	case key == "":
		return unauthorized("You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.")
	case live.MatchString(key):
		return unauthorized("hookproof refuses live keys: this is not Stripe but a stand-in for tests, and the endpoint under test is configured with a key of live mode. Give it a key that begins with sk_test_.")
	case !test.MatchString(key):
		return unauthorized("Invalid API Key provided. hookproof takes any key that begins with sk_test_ or rk_test_.")
	}
	return nil
}
