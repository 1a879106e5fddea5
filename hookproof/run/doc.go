// Package run judges a target: it plans cases, executes them, judges what was seen, reproduces and shrinks what failed, and reports.
package run
