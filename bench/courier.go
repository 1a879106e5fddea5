package main

import (
	"fmt"
	"time"

	"github.com/valyala/fasthttp"
)

// courier is one connection to a server. It is for one goroutine, and sends without allocating: the load
// generator shares the processors with what it measures.
type courier struct {
	client           *fasthttp.HostClient
	request          *fasthttp.Request
	response         *fasthttp.Response
	template         template
	genuine, forgers *signer
	body             []byte
}

func newCourier(address string, t template) *courier {
	c := &courier{
		client: &fasthttp.HostClient{
			Addr: address, MaxConns: 1, MaxIdemponentCallAttempts: 1, ReadTimeout: 30 * time.Second, NoDefaultUserAgentHeader: true,
		},
		request: &fasthttp.Request{}, response: &fasthttp.Response{}, template: t,
		genuine: newSigner(webhookSecret), forgers: newSigner(forgersSecret),
	}
	c.request.Header.SetMethod(fasthttp.MethodPost)
	c.request.SetRequestURI("http://" + address + "/webhooks/stripe")
	c.request.Header.SetContentType("application/json; charset=utf-8")
	c.request.Header.SetUserAgent("Stripe/1.0 (+https://stripe.com/docs/webhooks)")
	return c
}

func (c *courier) close() { c.client.CloseIdleConnections() }

// deliver sends the nth event, and says what is wrong with the answer, or "".
func (c *courier) deliver(k kind, n int64) (fault string) {
	want, s := fasthttp.StatusOK, c.genuine
	if k == forged {
		want, s = fasthttp.StatusBadRequest, c.forgers
	}
	c.body = c.template.appendBody(c.body[:0], n)
	c.request.Header.SetBytesV("Stripe-Signature", s.sign(time.Now().Unix(), c.body))
	c.request.SetBodyRaw(c.body)
	switch err := c.client.Do(c.request, c.response); {
	case err != nil:
		return err.Error()
	case c.response.StatusCode() != want:
		return fmt.Sprintf("%d instead of %d", c.response.StatusCode(), want)
	}
	return ""
}
