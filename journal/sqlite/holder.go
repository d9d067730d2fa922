package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// holders names the processes that hold locks on the journal, as " (process 12,
// setmend)", or returns "" where that is not known. It reads what Linux tells in
// /proc/locks: asking by the lock itself would give up this process's own.
func holders(path string) string {
	table, err := os.ReadFile("/proc/locks")
	if err != nil {
		return ""
	}
	var found []string
	for _, suffix := range []string{"", "-wal", "-shm"} {
		inode := inodeOf(path + suffix)
		if inode == "" {
			continue
		}
		for _, pid := range lockers(string(table), inode) {
			if pid != os.Getpid() {
				found = append(found, describe(pid))
			}
		}
	}
	slices.Sort(found)
	if found = slices.Compact(found); len(found) == 0 {
		return ""
	}
	return " (" + strings.Join(found, "; ") + ")"
}

// lockers returns the processes with a lock on the inode. A line of /proc/locks is
// "1: POSIX  ADVISORY  WRITE 1234 08:01:567 120 120".
func lockers(table, inode string) []int {
	var pids []int
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 6 || !strings.HasSuffix(fields[5], ":"+inode) {
			continue
		}
		if pid, err := strconv.Atoi(fields[4]); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids
}

// describe names a process.
func describe(pid int) string {
	name, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	if err != nil {
		return fmt.Sprintf("process %d", pid)
	}
	return fmt.Sprintf("process %d, %s", pid, strings.TrimSpace(string(name)))
}
