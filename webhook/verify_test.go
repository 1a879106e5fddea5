package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	stripe "github.com/stripe/stripe-go/v76/webhook"
)

// signature is Stripe's scheme once more, so that the verification is not tested by its own means.
func signature(secret string, t int64, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", t, body)
	return hex.EncodeToString(mac.Sum(nil))
}

func TestVerify(t *testing.T) {
	t.Parallel()
	const body, current, old = `{"id":"evt_1"}`, "whsec_current", "whsec_old"
	now := time.Unix(1_800_000_000, 700_000_000)
	h := NewHandler(nil, Config{Secrets: []string{current, old}, Tolerance: 5 * time.Minute, Now: func() time.Time { return now }})
	at := func(age int64) int64 { return now.Unix() - age }
	good := signature(current, at(0), body)
	for name, row := range map[string]struct {
		header string
		want   Reason
	}{
		"good":                    {fmt.Sprintf("t=%d,v1=%s", at(0), good), ""},
		"the other current":       {fmt.Sprintf("t=%d,v1=%s", at(0), signature(old, at(0), body)), ""},
		"the second of two v1":    {fmt.Sprintf("t=%d,v1=%s,v1=%s", at(0), signature("x", at(0), body), good), ""},
		"the first of two v1":     {fmt.Sprintf("t=%d,v1=%s,v1=%s", at(0), good, signature("x", at(0), body)), ""},
		"other schemes around":    {fmt.Sprintf("t=%d,v0=00,v1=%s,v2=11", at(0), good), ""},
		"an odd v1 before":        {fmt.Sprintf("t=%d,v1=zz,v1=%s", at(0), good), ""},
		"hex in capitals":         {fmt.Sprintf("t=%d,v1=%s", at(0), strings.ToUpper(good)), ""},
		"t after v1":              {fmt.Sprintf("v1=%s,t=%d", good, at(0)), ""},
		"300 s old":               {fmt.Sprintf("t=%d,v1=%s", at(300), signature(current, at(300), body)), ""},
		"301 s old":               {fmt.Sprintf("t=%d,v1=%s", at(301), signature(current, at(301), body)), SignatureStale},
		"300 s ahead":             {fmt.Sprintf("t=%d,v1=%s", at(-300), signature(current, at(-300), body)), ""},
		"301 s ahead":             {fmt.Sprintf("t=%d,v1=%s", at(-301), signature(current, at(-301), body)), SignatureFuture},
		"the last t is the one":   {fmt.Sprintf("t=%d,t=%d,v1=%s", at(0), at(400), signature(current, at(400), body)), SignatureStale},
		"no header":               {"", SignatureMissing},
		"no list":                 {"hello", SignatureMalformed},
		"an empty part":           {fmt.Sprintf("t=%d,,v1=%s", at(0), good), SignatureMalformed},
		"t is no number":          {"t=now,v1=" + good, SignatureMalformed},
		"t has a fraction":        {fmt.Sprintf("t=%d.5,v1=%s", at(0), good), SignatureMalformed},
		"t is too large":          {"t=99999999999999999999,v1=" + good, SignatureMalformed},
		"t is negative":           {"t=-1,v1=" + signature(current, -1, body), SignatureStale},
		"no t":                    {"v1=" + good, SignatureMismatch},
		"no v1":                   {fmt.Sprintf("t=%d", at(0)), SignatureMismatch},
		"v0 alone":                {fmt.Sprintf("t=%d,v0=%s", at(0), good), SignatureMismatch},
		"another secret":          {fmt.Sprintf("t=%d,v1=%s", at(0), signature("whsec_other", at(0), body)), SignatureMismatch},
		"the empty secret":        {fmt.Sprintf("t=%d,v1=%s", at(0), signature("", at(0), body)), SignatureMismatch},
		"another body":            {fmt.Sprintf("t=%d,v1=%s", at(0), signature(current, at(0), body+" ")), SignatureMismatch},
		"another time":            {fmt.Sprintf("t=%d,v1=%s", at(1), good), SignatureMismatch},
		"cut short":               {fmt.Sprintf("t=%d,v1=%s", at(0), good[:62]), SignatureMismatch},
		"empty v1":                {fmt.Sprintf("t=%d,v1=", at(0)), SignatureMismatch},
		"stale and not even ours": {fmt.Sprintf("t=%d,v1=%s", at(9999), good), SignatureMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.want, h.verify([]byte(body), row.header))
		})
	}
}

// FuzzVerify wants stripe-go's opinion of every header; the seeds alone run with the other tests.
func FuzzVerify(f *testing.F) {
	const body, secret = `{"id":"evt_1"}`, "whsec_x"
	good := signature(secret, 5, body)
	for _, header := range []string{
		"", "t=5,v1=" + good, "v1=" + good + ",t=5", "t=5,t=6,v1=" + good, "t=6,t=5,v1=" + good, "t=05,v1=" + good, "t=+5,v1=" + good, "t=5 ,v1=" + good,
		"t=5,v1=" + good + ",", ",t=5,v1=" + good, "t=5;v1=" + good, "t=5,v1==" + good, "t=5,v1=" + good + "=", "t=5,v1=" + good[:63], "t=5,v1=" + good + "00",
		"t=5,v1=zz,v1=" + good, "t=5,v0=" + good, "T=5,v1=" + good, "t=5,V1=" + good, "t=5, v1=" + good, "t=,v1=" + good, "t,v1=" + good, "=,t=5,v1=" + good,
		"t=5,v1=" + strings.ToUpper(good), "t=-5,v1=" + signature(secret, -5, body), "v1=" + signature(secret, 0, body), "t=5,v1=", "=", ",", "t=9223372036854775808,v1=" + good,
	} {
		f.Add(header)
	}
	h := NewHandler(nil, Config{Secrets: []string{secret}, Tolerance: time.Minute, Now: func() time.Time { return time.Unix(5, 0) }})
	f.Fuzz(func(t *testing.T, header string) {
		var want Reason
		switch err := stripe.ValidatePayloadIgnoringTolerance([]byte(body), header, secret); {
		case errors.Is(err, stripe.ErrNotSigned):
			want = SignatureMissing
		case errors.Is(err, stripe.ErrInvalidHeader):
			want = SignatureMalformed
		case err != nil:
			want = SignatureMismatch
		}
		got := h.verify([]byte(body), header)
		if got == SignatureStale || got == SignatureFuture {
			got = "" // what stripe-go was not asked
		}
		require.Equal(t, want, got, "%q", header)
	})
}
