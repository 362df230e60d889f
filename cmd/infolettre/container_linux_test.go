package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What the container's image holds is enough: the binary alone in an empty
// root, run by nobody in particular, with one folder to write to.
func TestEmptyRoot(t *testing.T) {
	if os.Getuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("changing the root needs root")
		}
		t.Skip("changing the root needs root")
	}
	const nobody = 65532
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("make", "-s", "-C", "../..", "static", "STATIC="+filepath.Join(root, "infolettre"))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data := filepath.Join(root, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(data, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	for _, run := range []struct {
		args []string
		want string
	}{
		{[]string{"demo", "--once"}, "9 acceptés"},
		{[]string{"init", "."}, "infolettre.yaml"},
		{[]string{"plan"}, "Europe/Paris"},
	} {
		c := exec.CommandContext(t.Context(), "/infolettre", append(run.args, "--lang", "fr")...)
		c.Dir, c.Env = "/data", []string{"TMPDIR=/data"}
		c.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(out), run.want) {
			t.Errorf("%v: %v\n%s", run.args, err, out)
		}
	}
}
