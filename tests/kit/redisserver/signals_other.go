//go:build !unix

package redisserver

import "os"

// Where a process can't be frozen, Signal refuses these and the test fails with its words.
var freeze, thaw = os.Interrupt, os.Interrupt
