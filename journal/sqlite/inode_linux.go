package sqlite

import (
	"os"
	"strconv"
	"syscall"
)

// inodeOf returns a file's inode number as text, "" if it is not known.
func inodeOf(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return strconv.FormatUint(stat.Ino, 10)
}
