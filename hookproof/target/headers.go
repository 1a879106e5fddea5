package target

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// apiVersion is what Stripe calls an API version: a day, since 2024 with the name of a release.
var apiVersion = regexp.MustCompile(`^20\d\d-\d\d-\d\d(\.[a-z]+)?$`)

// checkHeaders refuses an API version and headers that cannot be sent.
func (t *Target) checkHeaders() error {
	if t.APIVersion != "" && !apiVersion.MatchString(t.APIVersion) {
		return fmt.Errorf("apiVersion: %q is no API version of Stripe's; one is like 2023-10-16 or 2025-03-31.basil", t.APIVersion)
	}
	for name, value := range t.Headers {
		switch http.CanonicalHeaderKey(name) {
		case "Stripe-Signature", "Content-Type", "Content-Length", "User-Agent":
			return fmt.Errorf("headers: hookproof sends %s itself, as Stripe does; leave it out", name)
		}
		if !headerName.MatchString(name) || strings.ContainsAny(value, "\r\n\x00") {
			return fmt.Errorf("headers: %q: %q is no header", name, value)
		}
	}
	return nil
}

var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// setHeaders gives a request headers, of which Host is a field of its own in Go.
func setHeaders(request *http.Request, headers map[string]string) {
	for name, value := range headers {
		if http.CanonicalHeaderKey(name) == "Host" {
			request.Host = value
			continue
		}
		request.Header.Set(name, value)
	}
}

// alsoTo gives a hook's request to the target's own host the headers of deliveries: what stands before the one stands
// before the other. The hook's own headers win.
func alsoTo(request *HookRequest, target string, headers map[string]string) {
	to, err := url.Parse(request.URL)
	of, errOf := url.Parse(target)
	if err != nil || errOf != nil || !strings.EqualFold(to.Host, of.Host) {
		return
	}
	all := maps.Clone(headers)
	for name, value := range request.Headers {
		maps.DeleteFunc(all, func(other, _ string) bool { return strings.EqualFold(other, name) })
		all[name] = value
	}
	request.Headers = all
}
