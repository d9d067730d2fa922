package main

import "syscall"

// detachedProcess is DETACHED_PROCESS of CreateProcess: without a console, so
// that closing the console does not end it.
const detachedProcess = 0x8

func detachment() *syscall.SysProcAttr { return &syscall.SysProcAttr{CreationFlags: detachedProcess} }
