package record

import (
	"regexp"
	"strings"
)

// The rule, as data; docs/recording.md has it in prose. What no row names is scrubbed: a field that
// Stripe adds tomorrow is taken for personal until somebody has looked at it.

// kept are the fields whose text says how things stand, and not with whom. It is kept if it is a word, too.
var kept = words(`
	action address_line1_check address_postal_code_check billing_reason billing_scheme brand
	cancellation_reason capture_method category collection_method confirmation_method currency
	customer_creation cvc_check decline_code failure_code funding interval mode network network_status
	object payment_method_collection payment_method_types payment_status presentment_currency
	proration_behavior reason recurrence request_three_d_secure risk_level setup_future_usage status
	submit_type tax_behavior tax_exempt tiers_mode type ui_mode usage usage_type`)

// decimals are the fields whose text is an amount. It is kept if it is a number.
var decimals = words(`flat_amount_decimal percentage_decimal quantity_decimal unit_amount_decimal unit_amount_excluding_tax`)

// containers are objects about a person, or filled by the seller. Everything in them is scrubbed, under
// kept names too.
var containers = words(`
	address billing_address billing_details customer_address customer_details customer_shipping
	customer_tax_ids custom_fields dob evidence fraud_details individual metadata owner payer person
	raw_address shipping shipping_address shipping_details verified_address verified_outputs`)

// numbers are the fields whose number is scrubbed, however short it is.
var numbers = words(`exp_month exp_year latitude longitude`)

// never are the fields that --keep does not keep, and what stands for them.
var never = map[shape]map[string]bool{
	email:  words(`buyer_email customer_email customer_email_address email payer_email receipt_email support_email`),
	phone:  words(`customer_phone phone phone_number support_phone verified_phone`),
	ip:     words(`client_ip customer_purchase_ip destination_ip_address ip ip_address`),
	digits: words(`account_number account_number_last4 bank_code bin bsb_number dynamic_last4 iban_last4 last4 routing_number sort_code`),
	link: words(`
		cancel_url custom_mandate_url hosted_instructions_url hosted_invoice_url hosted_regulatory_receipt_url
		hosted_verification_url hosted_voucher_url invoice_pdf mobile_auth_url receipt_url redirect_url
		request_log_url return_url success_url tracking_url url`),
	text: words(`
		account_holder_name cardholder_name city customer_name first_name iban id_number individual_name
		last_name line1 line2 name postal_code state user_agent verified_name`),
	secret: words(`
		client_secret cryptogram cvc cvc_token customer_device_fingerprint device_fingerprint fingerprint
		idempotency_key nonce_str number password secret three_d_secure_cryptogram token`),
}

// shape is what a placeholder looks like, so that an endpoint that checks a form still finds it.
type shape int

const (
	text   shape = iota // Scrubbed1
	email               // person1@example.com
	phone               // +15005550001
	ip                  // 192.0.2.1
	digits              // 0001
	link                // https://example.com/scrubbed/1
	uuid                // 00000000-0000-4000-8000-000000000001
	secret              // scrubbed: the same for all, for which secrets are equal is nobody's business
)

// looks are the shapes of texts whose field says nothing.
var looks = []struct {
	shape shape
	like  *regexp.Regexp
}{
	{uuid, regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)},
	{email, regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)},
	{link, regexp.MustCompile(`^https?://`)},
	{phone, regexp.MustCompile(`^\+[0-9 ()-]{7,}$`)},
}

var (
	// word is a kept text: checkout.session, requires_action.
	word = regexp.MustCompile(`^[a-z][a-z0-9]*([._-][a-z0-9]+)*$`)
	// apiVersion is a kept api_version: 2023-10-16, 2026-08-26.dahlia.
	apiVersion = regexp.MustCompile(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}(\.[a-z]+)?$`)
	// decimal is a kept amount: shorter than a telephone's number with its country.
	decimal = regexp.MustCompile(`^-?[0-9]{1,9}(\.[0-9]{1,12})?$`)
	// phoneLike is what no word has, and no name of a field.
	phoneLike = regexp.MustCompile(`[0-9]{5}`)
	// fieldName is a name as Stripe gives them. Others are scrubbed, and so are all in metadata.
	fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	// counted are the fields whose number may be long, amounts and times. Elsewhere one of seven digits or
	// more might be a telephone's.
	counted = regexp.MustCompile(`(^|_)(amounts?|total|subtotal|balance|fees?|net|tax|created|updated|dates?|` +
		`timestamp|time|start|end|until|before|after|on|at|by|anchor|deadline|up_to)(_|$)`)
)

// longest is how many characters a number may have under any name.
const longest = 6

// lasting says what becomes of ids of a kind.
type lasting int

const (
	passing   lasting = iota // of one purchase: placeholders, and new ones at each replay
	account                  // of the seller: placeholders, that replays leave as they are
	catalogue                // of what is sold, neither secret nor personal: an endpoint looks them up, so they are kept
)

// prefixes are those of Stripe's ids. What begins otherwise is no id, but text.
var prefixes = map[lasting]map[string]bool{
	passing: words(`
		ba_ bps_ btok_ card_ cbtxn_ ch_ cn_ cnli_ cs_ csr_ cus_ di_ dp_ du_ evt_ fee_ file_ fr_ iauth_ ic_ ich_
		idp_ ii_ il_ in_ inpay_ ipi_ issfr_ ji_ li_ link_ mandate_ or_ pa_ pay_ pi_ pm_ po_ prv_ py_ pyr_ qt_ re_
		req_ rp_ seti_ setatt_ si_ sil_ sj_ src_ sub_ sub_sched_ tok_ tr_ trr_ tu_ txi_ txn_ vs_ we_`),
	account:   words(`acct_ ca_ person_`),
	catalogue: words(`plan_ plink_ price_ prod_ promo_ shr_ txcd_ txr_`),
}

// idForm is prefix, mode and the part that makes it unique.
var idForm = regexp.MustCompile(`^((?:[a-z]+_){1,2}?)((?:test|live)_)?([A-Za-z0-9]{8,255})$`)

// id takes an id of Stripe's apart; without one prefix is empty.
func id(value string) (prefix string, kind lasting) {
	parts := idForm.FindStringSubmatch(value)
	if parts == nil {
		return "", 0
	}
	for kind, known := range prefixes {
		if known[parts[1]] {
			return parts[1] + parts[2], kind
		}
	}
	return "", 0
}

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(list) {
		set[name] = true
	}
	return set
}
