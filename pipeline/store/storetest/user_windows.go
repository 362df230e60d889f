package storetest

import "os/exec"

// unprivileged has nothing to do: PostgreSQL takes care of it on Windows.
func unprivileged(*exec.Cmd, string) error { return nil }
