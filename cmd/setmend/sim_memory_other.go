//go:build !linux

package main

// releaseProgram does nothing: only Linux is asked to unmap the program's pages.
func releaseProgram() {}
