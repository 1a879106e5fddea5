// Package program writes files that are about to be started as programs.
package program
