//go:build unix

package functions

import (
	"os/exec"
	"syscall"
)

// isolate puts a process into a group of its own, so that what it starts ends with
// it.
func isolate(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends a process and what it has started.
func kill(c *exec.Cmd) {
	_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // one that has ended is as good
	_ = c.Process.Kill()
}
