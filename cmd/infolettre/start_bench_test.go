package main

import (
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkStart is what the program takes from cold, with a thousand entries
// as long as blog posts are: to say its version, to plan, and to answer the
// first page of the preview. CPU-ms/op is that of the process, on all cores.
func BenchmarkStart(b *testing.B) {
	folder := b.TempDir()
	program := filepath.Join(b.TempDir(), "infolettre")
	if out, err := exec.Command("make", "-s", "-C", "../..", "static", "STATIC="+program).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	writeArchive(b, folder, 1000, time.Now())
	for _, bb := range []struct {
		name string
		args []string
		wait func(b *testing.B, stdout io.Reader)
	}{
		{"version", []string{"version"}, drain},
		{"plan", []string{"plan"}, drain},
		{"preview", []string{"preview", "--port", "0"}, firstPage},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var cpu time.Duration
			for b.Loop() {
				c := exec.Command(program, bb.args...)
				c.Dir = folder
				stdout, err := c.StdoutPipe()
				if err != nil {
					b.Fatal(err)
				}
				if err := c.Start(); err != nil {
					b.Fatal(err)
				}
				bb.wait(b, stdout)
				_ = c.Process.Signal(syscall.SIGTERM) // most have ended
				if err := c.Wait(); err != nil && !strings.Contains(err.Error(), "terminated") {
					b.Fatal(err)
				}
				cpu += c.ProcessState.UserTime() + c.ProcessState.SystemTime()
			}
			b.ReportMetric(float64(cpu.Milliseconds())/float64(b.N), "CPU-ms/op")
		})
	}
}

func drain(b *testing.B, stdout io.Reader) {
	if _, err := io.Copy(io.Discard, stdout); err != nil {
		b.Fatal(err)
	}
}

func firstPage(b *testing.B, stdout io.Reader) {
	if page := get(b, waitFor(b, stdout, regexp.MustCompile(`http://127\.0\.0\.1:\d+/`))); !strings.Contains(string(page), "</html>") {
		b.Fatalf("no page: %.200s", page)
	}
}
