package server

import (
	"fmt"
	"slices"
	"strings"
)

// maxUnitAmount is the most that Stripe charges at once in most currencies: eight digits of the minor unit.
const maxUnitAmount = 99_999_999

// currencies are those that Stripe takes from customers (its "presentment currencies"), sorted.
// Which of them an account or a payment method has is Stripe's to say.
var currencies = strings.Fields(`
	aed afn all amd ang aoa ars aud awg azn
	bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd
	cad cdf chf clp cny cop crc cve czk
	djf dkk dop dzd
	egp etb eur
	fjd fkp
	gbp gel gip gmd gnf gtq gyd
	hkd hnl htg huf
	idr ils inr isk
	jmd jod jpy
	kes kgs khr kmf krw kwd kyd kzt
	lak lbp lkr lrd lsl
	mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn
	nad ngn nio nok npr nzd
	omr
	pab pen pgk php pkr pln pyg
	qar
	ron rsd rub rwf
	sar sbd scr sek sgd shp sle sos srd std szl
	thb tjs tnd top try ttd twd tzs
	uah ugx usd uyu uzs
	vnd vuv
	wst
	xaf xcd xcg xof xpf
	yer
	zar zmw`)

// steps are the currencies whose amounts must be a multiple of something: three decimals, of which
// Stripe takes the last only as 0, and two kept for old programs' sake that must be 00.
var steps = map[string]int64{"bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10, "isk": 100, "ugx": 100}

// normalCurrency is the code in lower case, which is how it is kept; the error is a problem.
func normalCurrency(code string) (string, error) {
	lower := strings.ToLower(code)
	if _, known := slices.BinarySearch(currencies, lower); !known {
		return "", badRequest("currency must be a three-letter code that Stripe accepts, such as eur or usd")
	}
	return lower, nil
}

// checkUnitAmount checks an amount in the minor unit of a currency (in lower case); the error is a
// problem. Stripe's least amounts depend on the account's own currency and on the day's rates: they
// are left to Stripe, which then refuses the booking's session.
func checkUnitAmount(amount int64, currency string) error {
	if amount < 1 || amount > maxUnitAmount {
		return badRequest(fmt.Sprintf("unitAmount must be from 1 to %d, in the currency's minor unit", maxUnitAmount))
	}
	if step := steps[currency]; step != 0 && amount%step != 0 {
		return badRequest(fmt.Sprintf("unitAmount must be a multiple of %d, since Stripe takes no smaller part of %s", step, currency))
	}
	return nil
}
