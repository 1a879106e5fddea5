package stripeapi

import (
	"fmt"
	"net/http"
)

// failure is one of Stripe's errors.
type failure struct {
	status      int
	kind        string // type in the JSON
	code, param string
	message     string
}

func (f *failure) json(requestID string) object {
	e := object{"message": f.message, "type": f.kind, "request_log_url": "https://dashboard.stripe.com/test/logs/" + requestID}
	if f.code != "" {
		e["code"] = f.code
		e["doc_url"] = "https://stripe.com/docs/error-codes/" + dashed(f.code)
	}
	if f.param != "" {
		e["param"] = f.param
	}
	return object{"error": e}
}

func dashed(code string) string {
	out := []byte(code)
	for i, c := range out {
		if c == '_' {
			out[i] = '-'
		}
	}
	return string(out)
}

func invalid(param, code, format string, args ...any) *failure {
	return &failure{http.StatusBadRequest, "invalid_request_error", code, param, fmt.Sprintf(format, args...)}
}

func missing(r *resource, id string) *failure {
	named, param := r.kind, "id"
	if r.Named != "" {
		named = r.Named
	}
	if r.Param != "" {
		param = r.Param
	}
	return &failure{http.StatusNotFound, "invalid_request_error", "resource_missing", param, fmt.Sprintf("No such %s: '%s'", named, id)}
}

// unknownRoute is an answer that Stripe never gives: hookproof does not know what was asked.
func unknownRoute(what string) *failure {
	return &failure{http.StatusNotImplemented, "api_error", "", "", "hookproof does not answer " + what + ", which is not a fault of the endpoint."}
}

func sameKeyOtherParams(key string) *failure {
	return &failure{http.StatusBadRequest, "idempotency_error", "", "",
		"Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '" + key + "' if you meant to execute a different request."}
}

func sameKeyOtherPath(key, path, first string) *failure {
	return &failure{http.StatusBadRequest, "idempotency_error", "", "",
		fmt.Sprintf("Keys for idempotent requests can only be used for the same endpoint they were first used for ('%s' vs '%s'). Try using a key other than '%s' if you meant to execute a different request.", path, first, key)}
}
