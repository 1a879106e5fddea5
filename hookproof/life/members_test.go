package life

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-mock/embedded"
)

var update = flag.Bool("update", false, "write members.json.gz anew")

// schema is a schema of Stripe's OpenAPI specification.
type schema struct {
	Ref                  string `json:"$ref"`
	AnyOf                []schema
	Enum                 []any
	Items                *schema
	Properties           map[string]schema
	AdditionalProperties json.RawMessage
}

// kind is the kind of object that a schema is of; "" if it is of none, or of a list.
func (s schema) kind() string {
	if of := s.Properties["object"].Enum; len(of) == 1 && of[0] != "list" {
		return of[0].(string)
	}
	return ""
}

// specification is Stripe's own, by the names of its schemas.
type specification map[string]schema

// members returns those of a schema. What has a kind of its own is left out, but for the outermost.
func (all specification) members(s schema, within ...string) members {
	found := members{}
	if name := path.Base(s.Ref); s.Ref != "" {
		if s = all[name]; len(within) > 0 && s.kind() != "" || slices.Contains(within, name) {
			return found
		}
		within = append(slices.Clip(within), name)
	}
	for _, one := range s.AnyOf {
		found.add(all.members(one, within...))
	}
	if s.Items != nil {
		found["#"] = all.members(*s.Items, within...)
	}
	if more := string(s.AdditionalProperties); more != "" && more != "false" {
		found["*"] = members{}
	}
	for name, property := range s.Properties {
		found[name] = all.members(property, within...)
	}
	return found
}

func (m members) add(other members) {
	for name, of := range other {
		if m[name] == nil {
			m[name] = members{}
		}
		m[name].add(of)
	}
}

// structs are the types of stripe-go whose members have changed between its version and that of the specification, by their kinds.
var structs = map[string]any{
	"account": stripe.Account{}, "balance_transaction": stripe.BalanceTransaction{}, "charge": stripe.Charge{}, "checkout.session": stripe.CheckoutSession{},
	"coupon": stripe.Coupon{}, "credit_note": stripe.CreditNote{}, "customer": stripe.Customer{}, "discount": stripe.Discount{}, "dispute": stripe.Dispute{},
	"invoice": stripe.Invoice{}, "invoiceitem": stripe.InvoiceItem{}, "item": stripe.LineItem{}, "line_item": stripe.InvoiceLineItem{},
	"payment_intent": stripe.PaymentIntent{}, "payment_link": stripe.PaymentLink{}, "payment_method": stripe.PaymentMethod{}, "payout": stripe.Payout{},
	"plan": stripe.Plan{}, "price": stripe.Price{}, "product": stripe.Product{}, "promotion_code": stripe.PromotionCode{}, "quote": stripe.Quote{},
	"refund": stripe.Refund{}, "setup_intent": stripe.SetupIntent{}, "source": stripe.Source{}, "subscription": stripe.Subscription{},
	"subscription_item": stripe.SubscriptionItem{}, "subscription_schedule": stripe.SubscriptionSchedule{}, "tax_rate": stripe.TaxRate{},
	"topup": stripe.Topup{}, "transfer": stripe.Transfer{},
}

// membersIn returns those of a type of stripe-go.
func membersIn(of reflect.Type, within ...reflect.Type) members {
	found := members{}
	switch of.Kind() {
	case reflect.Pointer:
		return membersIn(of.Elem(), within...)
	case reflect.Slice:
		found["#"] = membersIn(of.Elem(), append(slices.Clip(within), of)...)
	case reflect.Map:
		found["*"] = members{}
	case reflect.Struct:
		_, isList := of.FieldByName("ListMeta")
		if _, isObject := of.FieldByName("Object"); len(within) > 0 && isObject && !isList || slices.Contains(within, of) {
			return found
		}
		for _, field := range reflect.VisibleFields(of) {
			if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
				found[name] = membersIn(field.Type, append(slices.Clip(within), of)...)
			}
		}
	}
	return found
}

// The members that a life may put into a body are those of Stripe's own types.
func TestMembersAreStripes(t *testing.T) {
	t.Parallel()
	var spec struct {
		Components struct{ Schemas specification }
	}
	require.NoError(t, json.Unmarshal(embedded.OpenAPISpec, &spec))
	all := map[string]members{}
	for name, s := range spec.Components.Schemas {
		if kind := s.kind(); kind != "" {
			if all[kind] == nil {
				all[kind] = members{}
			}
			all[kind].add(spec.Components.Schemas.members(schema{Ref: name}))
		}
	}
	for kind, of := range structs {
		require.NotNil(t, all[kind], kind)
		all[kind].add(membersIn(reflect.TypeOf(of)))
	}
	var text bytes.Buffer
	for n, kind := range slices.Sorted(maps.Keys(all)) {
		line, err := json.Marshal(all[kind])
		require.NoError(t, err)
		_, _ = fmt.Fprintf(&text, "%s\n%q: %s", []string{"{", ","}[min(n, 1)], kind, line)
	}
	text.WriteString("\n}\n")
	if *update {
		var file bytes.Buffer
		packed, err := gzip.NewWriterLevel(&file, gzip.BestCompression)
		require.NoError(t, err)
		_, err = packed.Write(text.Bytes())
		require.NoError(t, err)
		require.NoError(t, packed.Close())
		require.NoError(t, os.WriteFile("members.json.gz", file.Bytes(), 0o644))
		return
	}
	packed, err := gzip.NewReader(bytes.NewReader(membersFile))
	require.NoError(t, err)
	known, err := io.ReadAll(packed)
	require.NoError(t, err)
	require.True(t, text.String() == string(known), "members.json.gz is not of these versions; go test ./hookproof/life -run TestMembersAreStripes -update")
	for _, place := range []string{"invoice /charge", "invoice /parent/subscription_details/metadata", "checkout.session /total_details/amount_tax", "subscription /current_period_end", "charge /metadata/mine", "event /data/object"} {
		kind, pointer, _ := strings.Cut(place, " ")
		_, known := membersOf()[kind].at(tokensOf(pointer))
		require.True(t, known, place)
	}
}
