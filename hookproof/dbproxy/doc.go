// Package dbproxy is a proxy between a target and its database. It counts messages, cuts a connection at a chosen message, holds
// answers back, and makes the line bad.
package dbproxy
