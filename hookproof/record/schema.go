package record

import _ "embed"

//go:embed recording.schema.json
var schema []byte

// Schema is the JSON Schema of recording.json.
func Schema() []byte { return schema }
