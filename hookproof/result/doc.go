// Package result has what a run came to, as data: verdicts, findings with their evidence, and the report.
package result
