package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
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
		"t is the first of all":   {fmt.Sprintf("t=%d,v1=%s", math.MinInt64, signature(current, math.MinInt64, body)), SignatureStale},
		"t is the last of all":    {fmt.Sprintf("t=%d,v1=%s", math.MaxInt64, signature(current, math.MaxInt64, body)), SignatureFuture},
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

// FuzzVerify wants stripe-go's opinion of every header and body; the seeds alone run with the other tests. In a header
// T stands for a time, and S for the body's signature at that time, which chance would not find. What stripe-go has no
// opinion of is asked of the time that was signed: a header is good as long as that is within the tolerance, either way.
func FuzzVerify(f *testing.F) {
	const secret, tolerance = "whsec_x", 60
	for _, header := range []string{
		"", "t=T,v1=S", "v1=S,t=T", "t=T,t=6,v1=S", "t=6,t=T,v1=S", "t=0T,v1=S", "t=+T,v1=S", "t=T ,v1=S", "t= T,v1=S",
		"t=T,v1=S,", ",t=T,v1=S", "t=T;v1=S", "t=T,v1==S", "t=T,v1=S=", "t=T,v1=0S", "t=T,v1=S00", "t=T,v1=SS", "t=T,v1=zz,v1=S",
		"t=T,v1=S,v1=zz", "t=T,v0=S", "t=T,v0=S,v1=S", "T=T,v1=S", "t=T,V1=S", "t=T, v1=S", "t=,v1=S", "t,v1=S", "=,t=T,v1=S", "t=-T,v1=S", "v1=S",
		"t=T,v1=", "=", ",", "t=9223372036854775808,v1=S", "t=T,v1=\xff\x00", "t=T,v1=" + strings.Repeat("0", 64), strings.Repeat("t=T,", 100) + "v1=S",
	} {
		f.Add(header, []byte(`{"id":"evt_1"}`), int64(5), int64(5))
	}
	for _, times := range [][2]int64{{0, 0}, {-5, -5}, {5, 65}, {5, 66}, {66, 5}, {65, 5}, {1 << 62, 5}, {-1 << 63, 5}, {1<<63 - 1, 5}, {1<<63 - 1, -5}} {
		f.Add("t=T,v1=S", []byte{}, times[0], times[1])
		f.Add("t=T,v1=S", []byte("\x00\xff"), times[0], times[1])
	}
	f.Fuzz(func(t *testing.T, header string, body []byte, signed, now int64) {
		header = strings.NewReplacer("T", strconv.FormatInt(signed, 10), "S", signature(secret, signed, string(body))).Replace(header)
		now %= 1 << 40 // a clock's
		h := NewHandler(nil, Config{Secrets: []string{"whsec_old", secret}, Tolerance: tolerance * time.Second, Now: func() time.Time { return time.Unix(now, 999_999_999) }})
		got := h.verify(body, header)
		switch err := stripe.ValidatePayloadIgnoringTolerance(body, header, secret); {
		case errors.Is(err, stripe.ErrNotSigned):
			require.Equal(t, SignatureMissing, got, "%q", header)
		case errors.Is(err, stripe.ErrInvalidHeader):
			require.Equal(t, SignatureMalformed, got, "%q", header)
		case err != nil:
			require.Equal(t, SignatureMismatch, got, "%q", header)
		default:
			// The time that counts is the last; subtracted as numbers that do not overflow.
			last := header[strings.LastIndex(","+header, ",t=")+2:]
			last, _, _ = strings.Cut(last, ",")
			at, ok := new(big.Int).SetString(last, 10)
			require.True(t, ok, "%q", header)
			want := Reason("")
			switch age := at.Sub(big.NewInt(now), at); {
			case age.Cmp(big.NewInt(tolerance)) > 0:
				want = SignatureStale
			case age.Cmp(big.NewInt(-tolerance)) < 0:
				want = SignatureFuture
			}
			require.Equal(t, want, got, "%q at %d", header, now)
		}
	})
}
