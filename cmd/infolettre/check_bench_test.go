package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sample "github.com/infolettre/infolettre/content"
)

// BenchmarkCheck2000 is check on an archive of 2,000 entries as long as blog
// posts are, 5 KB on average, most of them with findings.
func BenchmarkCheck2000(b *testing.B) {
	folder := b.TempDir()
	run := func(args ...string) int {
		var out bytes.Buffer
		return run(context.Background(), append(args, "--config", filepath.Join(folder, "infolettre.yaml")), nil, strings.NewReader(""), &out, &out)
	}
	if code := runIn(folder, "init", folder); code != exitDone {
		b.Fatal("init")
	}
	files, err := fs.Glob(sample.FS, "*.fr.md")
	if err != nil {
		b.Fatal(err)
	}
	size := 0
	for i := range 2000 {
		var text strings.Builder
		day := time.Date(2020, 1, 1+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		fmt.Fprintf(&text, "---\ntitle: Billet %d\ndate: %s\n---\n", i, day)
		for j := range 1 + i%4 {
			data, err := fs.ReadFile(sample.FS, files[(i+j)%len(files)])
			if err != nil {
				b.Fatal(err)
			}
			_, body, _ := strings.Cut(strings.TrimPrefix(string(data), "---\n"), "---\n")
			text.WriteString(body)
		}
		size += text.Len()
		if err := os.WriteFile(filepath.Join(folder, "content", fmt.Sprintf("%s-billet-%d.fr.md", day, i)), []byte(text.String()), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		run("check")
	}
	b.ReportMetric(float64(size)/2000, "B/entry")
}

func runIn(folder string, args ...string) int {
	var out bytes.Buffer
	return run(context.Background(), args, nil, strings.NewReader(""), &out, &out)
}
