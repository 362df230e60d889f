//go:build unix

package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes an exclusive lock that the kernel lifts when the process
// ends, however it ends.
func tryLock(f *os.File) error {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
}

// waitLock is tryLock that waits.
func waitLock(f *os.File) error {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX)
}
