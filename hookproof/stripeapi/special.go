package stripeapi

// special fills in what parameters mean beyond the places that are called as they are.
func (a *API) special(c *call, o, params object) {
	switch kindOf(o) {
	case "subscription":
		a.items(c, o, params)
	case "checkout.session":
		a.bought(c, o, params)
	case "subscription_item", "invoiceitem":
		if price := a.priced(c, params); price != nil {
			put(o, "/price", price)
			put(o, "/pricing/price_details/price", price["id"])
			put(o, "/pricing/price_details/product", price["product"])
		}
		if kindOf(o) == "invoiceitem" {
			a.addLine(c, o)
		}
	case "price":
		if product := params["product_data"]; product != nil && o["product"] == "" {
			made := c.catalog.fresh("product", a.newID("prod_"))
			a.take(made, product.(object))
			a.keep(c, made)
			o["product"] = idOf(made)
		}
	}
}

// priced is the price that parameters name or describe; one that nobody knows is made.
func (a *API) priced(c *call, params object) object {
	for _, key := range []string{"price", "plan"} {
		if id := text(params[key]); id != "" {
			if price, _ := a.find(c, id, nil); price != nil && kindOf(price) == "price" {
				return price
			}
			price := c.catalog.fresh("price", id)
			put(price, "/created", number(c.now))
			c.catalog.complete(price)
			return price
		}
	}
	if data, isObject := params["price_data"].(object); isObject {
		price := c.catalog.fresh("price", a.newID("price_"))
		put(price, "/created", number(c.now))
		if data["recurring"] == nil {
			put(price, "/type", "one_time")
			put(price, "/recurring", nil)
		}
		a.take(price, data)
		c.catalog.complete(price)
		return price
	}
	return nil
}

// items makes a subscription's items, or changes them.
func (a *API) items(c *call, o, params object) {
	list, _ := params["items"].([]any)
	data, _ := first(o, "/items/data").([]any)
	if len(list) == 0 {
		return
	}
	if o["start_date"] == number(0) {
		data = nil // as the template has it
	}
	for _, given := range list {
		wanted, isObject := given.(object)
		if !isObject {
			continue
		}
		var item object
		for i, member := range data {
			has, _ := member.(object)
			if idOf(has) != "" && idOf(has) == text(wanted["id"]) {
				if item = has; wanted["deleted"] == "true" {
					data = append(data[:i:i], data[i+1:]...)
				}
			}
		}
		if wanted["deleted"] == "true" {
			continue
		}
		if item == nil {
			item = c.catalog.fresh("subscription_item", a.newID("si_"))
			put(item, "/created", number(c.now))
			put(item, "/subscription", idOf(o))
			data = append(data, item)
		}
		a.take(item, wanted)
		if price := a.priced(c, wanted); price != nil {
			put(item, "/price", price)
			for _, pointer := range []string{"/plan/id", "/plan/product"} {
				put(item, pointer, price[pointer[len("/plan/"):]])
			}
			put(item, "/plan/amount", price["unit_amount"])
		}
	}
	put(o, "/items/data", data)
}

// bought makes a session's line items, and its sums.
func (a *API) bought(c *call, o, params object) {
	list, _ := params["line_items"].([]any)
	if len(list) == 0 {
		return
	}
	var data []any
	var sum int64
	for _, given := range list {
		wanted, isObject := given.(object)
		if !isObject {
			continue
		}
		item := c.catalog.fresh("item", a.newID("li_"))
		quantity := max(1, integer(wanted["quantity"]))
		price := a.priced(c, wanted)
		if price != nil {
			put(item, "/price", price)
			put(item, "/currency", price["currency"])
			put(o, "/currency", price["currency"])
		}
		amount := number(integer(first(item, "/price/unit_amount")) * quantity)
		for _, pointer := range []string{"/amount_subtotal", "/amount_total"} {
			put(item, pointer, amount)
		}
		put(item, "/quantity", number(quantity))
		c.catalog.complete(item)
		sum += integer(amount)
		data = append(data, item)
	}
	put(o, "/amount_subtotal", number(sum))
	put(o, "/amount_total", number(sum))
	o["~line_items"] = listOf(data, "/v1/checkout/sessions/"+idOf(o)+"/line_items")
}

// addLine puts an invoice item on the invoice that it names.
func (a *API) addLine(c *call, item object) {
	invoice, _ := a.find(c, text(item["invoice"]), nil)
	if invoice == nil {
		return
	}
	before := copyOf(invoice).(object)
	line := copyOf(first(c.catalog.templates["invoice"], "/lines/data/0")).(object)
	line["id"] = "il_" + suffix(idOf(item))
	put(line, "/amount", item["amount"])
	put(line, "/currency", item["currency"])
	put(line, "/description", item["description"])
	put(line, "/type", "invoiceitem")
	data, _ := first(invoice, "/lines/data").([]any)
	put(invoice, "/lines/data", append(data, line))
	for _, pointer := range []string{"/amount_due", "/amount_remaining", "/subtotal", "/total"} {
		put(invoice, pointer, number(integer(first(invoice, pointer))+integer(item["amount"])))
	}
	c.catalog.complete(invoice)
	a.change(before, invoice)
}
