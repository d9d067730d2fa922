//go:build unix

package main

import "syscall"

// detachment takes a process out of the terminal's session, so that closing the
// terminal does not end it.
func detachment() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
