package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/fixtures"
)

func scrubbed(t *testing.T, body string, keep ...string) string {
	t.Helper()
	s, err := NewScrubber(keep)
	require.NoError(t, err)
	out, err := s.Scrub([]byte(body))
	require.NoError(t, err)
	return string(out)
}

func TestScrub(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, want string }{
		{"every byte between stays", "{ \"status\" :\t\"open\",\r\n  \"name\":\"Zoë\" , \"n\":[ 1 ] }\n", "{ \"status\" :\t\"open\",\r\n  \"name\":\"Scrubbed1\" , \"n\":[ 1 ] }\n"},
		{"a kept text keeps its notation", `{"status":"\u006fpen"}`, `{"status":"\u006fpen"}`},
		{"a kept field with something else in it", `{"status":"Zoë said no"}`, `{"status":"Scrubbed1"}`},
		{"a kept field with a number in it", `{"reason":"358401234567"}`, `{"reason":"Scrubbed1"}`},
		{"an unknown field", `{"aura":"blue"}`, `{"aura":"Scrubbed1"}`},
		{"in an array", `{"payment_method_types":["card","Zoë"],"tags":["a","b","a"]}`, `{"payment_method_types":["card","Scrubbed1"],"tags":["Scrubbed2","Scrubbed3","Scrubbed2"]}`},
		{"a kept field in a person's object", `{"billing_details":{"type":"zoe"}}`, `{"billing_details":{"type":"Scrubbed1"}}`},
		{"shapes by field", `{"email":"z","phone":"1","ip":"::1","last4":"4242","url":"x","client_secret":"pi_3PqSauna0Booking1_secret_x"}`,
			`{"email":"person1@example.com","phone":"+15005550001","ip":"192.0.2.1","last4":"0001","url":"https://example.com/scrubbed/1","client_secret":"scrubbed"}`},
		{"shapes by looks", `{"a":"z@e.fi","b":"https://x/y","c":"3F0C1f8e-6f3a-4d43-9d0a-5c8b0a3f7e11","d":"+358 40 1234567"}`,
			`{"a":"person1@example.com","b":"https://example.com/scrubbed/1","c":"00000000-0000-4000-8000-000000000001","d":"+15005550001"}`},
		{"ids agree", `{"id":"cs_test_a1b2c3d4e5","customer":"cus_Sauna0Customer1","x":["cus_Sauna0Customer1","cus_Sauna0Customer2"]}`,
			`{"id":"cs_test_Recorded000001","customer":"cus_Recorded000001","x":["cus_Recorded000001","cus_Recorded000002"]}`},
		{"an id in metadata", `{"metadata":{"customer":"cus_Sauna0Customer1"}}`, `{"metadata":{"key1":"cus_Recorded000001"}}`},
		{"two words before an id", `{"a":"sub_sched_1PqSaunaSchedule"}`, `{"a":"sub_sched_Recorded000001"}`},
		{"what only looks like an id", `{"a":"zoe_Lukasik1990"}`, `{"a":"Scrubbed1"}`},
		{"what is sold", `{"price":"price_1PqSaunaPrice"}`, `{"price":"price_1PqSaunaPrice"}`},
		{"texts agree, across fields", `{"client_reference_id":"o-1","metadata":{"order":"o-1"}}`, `{"client_reference_id":"Scrubbed1","metadata":{"key1":"Scrubbed1"}}`},
		{"names", `{"metadata":{"zoe@example.com":"1"},"Zoë":1,"p358401234567":1,"ok_name1":1}`, `{"metadata":{"key1":"Scrubbed1"},"key2":1,"key3":1,"ok_name1":1}`},
		{"numbers", `{"amount":45000000,"created":1793188800,"loyalty":358401234567,"n":123456,"exp_month":12,"dob":{"day":3},"last4":4242}`,
			`{"amount":45000000,"created":1793188800,"loyalty":1,"n":123456,"exp_month":1,"dob":{"day":1},"last4":1}`},
		{"what says nothing", `{"email":null,"metadata":{},"name":"","address":{"x":true}}`, `{"email":null,"metadata":{},"name":"","address":{"x":true}}`},
		{"no object", `["Zoë"]`, `["Scrubbed1"]`},
		{"decimals", `{"unit_amount_decimal":"450.5","unit_amount_excluding_tax":"450","quantity_decimal":"Zoë"}`, `{"unit_amount_decimal":"450.5","unit_amount_excluding_tax":"450","quantity_decimal":"Scrubbed1"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, scrubbed(t, c.body))
		})
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	require.Equal(t, `{"client_reference_id":"o-1","metadata":{"orderId":"o-1","key1":"Scrubbed1"},"email":"person1@example.com"}`,
		scrubbed(t, `{"client_reference_id":"o-1","metadata":{"orderId":"o-1","other":"o-1"},"email":"o-1"}`, "orderId", "client_reference_id"))
	for _, name := range []string{"email", "client_secret", "metadata", "address"} {
		_, err := NewScrubber([]string{name})
		require.ErrorContains(t, err, "is not kept", name)
	}
}

func TestWhatCannotBeReadIsNotScrubbed(t *testing.T) {
	t.Parallel()
	s, err := NewScrubber(nil)
	require.NoError(t, err)
	for _, body := range []string{"", "{", `{"a":1}{"b":2}`, "name=Zoë", "{\"a\":\"\xff\"}", `{"a" 1}`} {
		_, err := s.Scrub([]byte(body))
		require.ErrorIs(t, err, errNoJSON, body)
	}
}

// planted is what must not be found again.
var planted = []string{
	"zoe.lukasik@sauna.example", "Zoë Łukasik", "Łukasik", "+358 40 123 4567", "358401234567", "Satamakatu 1 A", "70110 Kuopio",
	"198.51.100.23", "2001:db8::77", "FI2112345600000785", "131052-308T", "pi_3PqSauna0Booking1_secret_AbCdEf", "whsec_VerySecret",
	"sk_test_51VerySecret", "https://pay.example/t?token=tok3n", "O'Hara \"Zoë\" \\ & <b>", "😀 zoe", "4242 4242 4242 4242", "Visa-9917",
}

// TestNothingPersonalIsLeft plants personal data all over Stripe's events, in every notation that JSON has,
// and looks for it in every byte of what the scrubber makes of them, read in every notation.
func TestNothingPersonalIsLeft(t *testing.T) {
	t.Parallel()
	for seed := range uint64(150) {
		random := rand.New(rand.NewPCG(seed, 1))
		s, err := NewScrubber(nil)
		require.NoError(t, err)
		for range 3 {
			version := pick(random, fixtures.Versions())
			raw, err := fixtures.Event(version, pick(random, fixtures.EventNames(version)))
			require.NoError(t, err)
			var event any
			require.NoError(t, json.Unmarshal(raw, &event))
			body := notation(random, plant(random, event, ""))
			require.True(t, json.Valid(body))

			out, err := s.Scrub(body)
			require.NoError(t, err)
			text := string(out) + "\n" + everything(t, out)
			for _, secret := range planted {
				require.False(t, strings.Contains(strings.ToLower(text), strings.ToLower(secret)), "%s is left; seed %d, of\n%s\ncame\n%s", secret, seed, body, out)
			}
			require.Equal(t, kinds(t, body), kinds(t, out), "seed %d: a type has changed", seed)
		}
	}
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

// plant puts personal data in the place of texts and beside members, and as names into metadata.
func plant(random *rand.Rand, v any, field string) any {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			v[name] = plant(random, v[name], name)
		}
		if random.IntN(3) == 0 {
			v[pick(random, []string{"memo", "nickname", "aura", "description", "email", "note_to_self", "status", "customer", "id"})] = pick(random, planted)
		}
		if field == "metadata" || random.IntN(8) == 0 {
			v[pick(random, planted)] = pick(random, planted)
		}
		if random.IntN(8) == 0 {
			v["phone_as_number"] = json.Number("358401234567")
		}
		return v
	case []any:
		for i := range v {
			v[i] = plant(random, v[i], field)
		}
		return append(v, pick(random, planted))
	case string, nil:
		if random.IntN(3) == 0 {
			return pick(random, planted)
		}
	}
	return v
}

// notation writes a document with its texts in any of JSON's notations.
func notation(random *rand.Rand, v any) []byte {
	var out bytes.Buffer
	var write func(any)
	text := func(s string) {
		out.WriteByte('"')
		for _, unit := range s {
			escaped, _ := json.Marshal(string(unit))
			switch {
			case unit < 0x10000 && random.IntN(4) == 0:
				fmt.Fprintf(&out, `\u%04X`, unit)
			case unit == '/' && random.IntN(2) == 0:
				out.WriteString(`\/`)
			default:
				out.Write(escaped[1 : len(escaped)-1])
			}
		}
		out.WriteByte('"')
	}
	space := func() { out.WriteString(pick(random, []string{"", "", " ", "\n\t"})) }
	write = func(v any) {
		space()
		switch v := v.(type) {
		case map[string]any:
			out.WriteByte('{')
			first := true
			for _, name := range slices.Sorted(maps.Keys(v)) {
				if !first {
					out.WriteByte(',')
				}
				first = false
				space()
				text(name)
				space()
				out.WriteByte(':')
				write(v[name])
			}
			out.WriteByte('}')
		case []any:
			out.WriteByte('[')
			for i, value := range v {
				if i > 0 {
					out.WriteByte(',')
				}
				write(value)
			}
			out.WriteByte(']')
		case string:
			text(v)
		default:
			raw, _ := json.Marshal(v)
			out.Write(raw)
		}
		space()
	}
	write(v)
	return out.Bytes()
}

// everything is all names, texts and numbers of a document, read, a line each.
func everything(t *testing.T, doc []byte) string {
	t.Helper()
	var all strings.Builder
	_, err := rewrite(doc, func(k token) []byte {
		fmt.Fprintln(&all, k.value)
		return nil
	})
	require.NoError(t, err)
	return all.String()
}

// kinds is a document's shape: what each token is, in order.
func kinds(t *testing.T, doc []byte) string {
	t.Helper()
	out, err := rewrite(doc, func(k token) []byte {
		if k.isName {
			return []byte(`"name"`)
		}
		return []byte(fmt.Sprintf("%q", fmt.Sprintf("%T", k.value)))
	})
	require.NoError(t, err)
	return string(out)
}

func TestTheTablesAreWellFormed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, names := range never {
		for name := range names {
			require.False(t, seen[name], "%s has two shapes", name)
			require.False(t, kept[name] || decimals[name], "%s is kept and never kept", name)
			seen[name] = true
		}
	}
	for _, known := range prefixes {
		for prefix := range known {
			require.False(t, seen[prefix], "%s is there twice", prefix)
			seen[prefix] = true
			got, _ := id(prefix + "Abcdefgh12345")
			require.Equal(t, prefix, got)
		}
	}
}

// The prose names every field that the tables name.
func TestTheRuleIsDocumented(t *testing.T) {
	t.Parallel()
	prose, err := os.ReadFile("../../docs/recording.md")
	require.NoError(t, err)
	tables := []map[string]bool{kept, decimals, containers, numbers}
	for _, names := range never {
		tables = append(tables, names)
	}
	for _, names := range prefixes {
		tables = append(tables, names)
	}
	for _, names := range tables {
		for name := range names {
			require.Contains(t, string(prose), "`"+name+"`")
		}
	}
}

// FuzzRewrite holds that what nobody replaces stays as it is, byte for byte, and that what is replaced is all
// that changes.
func FuzzRewrite(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":"c"},[]],"d":{}}`, ` [ ] `, `"x"`, "{\"\\u0061\" :\t-1.5e+3 ,\n\"b\":null}", `[true,[false],"\"\\"]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		out, err := rewrite(doc, func(token) []byte { return nil })
		if err != nil {
			return
		}
		require.Equal(t, string(doc), string(out))
		s, err := NewScrubber(nil)
		require.NoError(t, err)
		scrubbed, err := s.Scrub(doc)
		require.NoError(t, err)
		require.Equal(t, kinds(t, doc), kinds(t, scrubbed))
	})
}
