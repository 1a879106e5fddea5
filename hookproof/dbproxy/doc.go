// Package dbproxy stands between a target and its database. It counts messages, cuts a connection at a chosen one, holds answers back,
// and makes the line bad.
package dbproxy
