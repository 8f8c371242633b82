//go:build !unix

package redisserver

import "os"

// On systems that can't freeze a process, Signal refuses these, and the test fails with its error.
var freeze, thaw = os.Interrupt, os.Interrupt
