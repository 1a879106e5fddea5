// Package endpointtest has what tests' own endpoints need.
package endpointtest
