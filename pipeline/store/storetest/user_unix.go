//go:build unix

package storetest

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// unprivileged has a command run as another user, who owns the folder, when
// this process is root: PostgreSQL refuses root. It is a process group of its
// own, so that Ctrl-C leaves it to end in order.
func unprivileged(c *exec.Cmd, folder string) error {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() != 0 {
		return nil
	}
	u, errPostgres := user.Lookup("postgres")
	if errPostgres != nil {
		var err error
		if u, err = user.Lookup("nobody"); err != nil {
			return errors.Join(errPostgres, err)
		}
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	if err := cmp.Or(errUID, errGID); err != nil {
		return err
	}
	c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	c.Env = append(os.Environ(), "HOME="+folder)
	return os.Chown(folder, int(uid), int(gid))
}
