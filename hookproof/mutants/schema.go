package mutants

import _ "embed"

//go:embed matrix.schema.json
var matrixSchema []byte

//go:embed score.schema.json
var scoreSchema []byte

// MatrixSchema is the JSON Schema of a Matrix. It refers to the schema of a report.
func MatrixSchema() []byte { return matrixSchema }

// ScoreSchema is the JSON Schema of a suite's score.
func ScoreSchema() []byte { return scoreSchema }
