//go:build !unix

package web

import "net"

// hungUp is not known here.
func hungUp(net.Conn) bool { return false }
