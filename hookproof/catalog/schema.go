package catalog

import _ "embed"

//go:embed schema/list.schema.json
var listSchema []byte

//go:embed schema/explain.schema.json
var explainSchema []byte

// ListSchema is the JSON Schema of a List.
func ListSchema() []byte { return listSchema }

// ExplainSchema is the JSON Schema of an Explained.
func ExplainSchema() []byte { return explainSchema }
