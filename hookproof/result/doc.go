// Package result is the outcome of a run as data: verdicts, findings with their evidence, and the report.
package result
