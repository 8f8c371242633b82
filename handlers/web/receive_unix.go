//go:build unix

package web

import "syscall"

// receiveLittle bounds the receive buffer of a listening socket, which connections inherit from it.
func receiveLittle(_, _ string, conn syscall.RawConn) error {
	var failure error
	err := conn.Control(func(fd uintptr) {
		failure = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, receiveBuffer)
	})
	if err != nil {
		return err
	}
	return failure
}
