// Package memnet has a network in memory and servers on it, for tests in virtual time.
package memnet
