package target

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// apiVersion matches the name of a Stripe API version: a day, since 2024 followed by the name of a release.
var apiVersion = regexp.MustCompile(`^20\d\d-\d\d-\d\d(\.[a-z]+)?$`)

// checkHeaders refuses an unknown form of API version, and headers that cannot be sent.
func (t *Target) checkHeaders() error {
	if t.APIVersion != "" && !apiVersion.MatchString(t.APIVersion) {
		return t.at(fmt.Errorf("%q is no API version of Stripe's; one is like 2023-10-16 or 2025-03-31.basil", t.APIVersion), "apiVersion")
	}
	for _, name := range slices.Sorted(maps.Keys(t.Headers)) {
		value := t.Headers[name]
		switch http.CanonicalHeaderKey(name) {
		case "Stripe-Signature", "Content-Type", "Content-Length", "User-Agent":
			return t.at(fmt.Errorf("hookproof sends the header %s itself, as Stripe does; leave it out", name), "headers", name)
		}
		if !headerName.MatchString(name) || strings.ContainsAny(value, "\r\n\x00") {
			return t.at(fmt.Errorf("%q: %q is no header", name, value), "headers", name)
		}
	}
	return nil
}

var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// setHeaders sets a request's headers. Host is a separate field in Go.
func setHeaders(request *http.Request, headers map[string]string) {
	for name, value := range headers {
		if http.CanonicalHeaderKey(name) == "Host" {
			request.Host = value
			continue
		}
		request.Header.Set(name, value)
	}
}

// addDeliveryHeaders adds the headers of deliveries to a hook's request, if it goes to the target's host: the same proxy stands
// before both. The hook's own headers win.
func addDeliveryHeaders(request *HookRequest, target string, headers map[string]string) {
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
