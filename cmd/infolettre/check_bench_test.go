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
	size := writeArchive(b, folder, 2000, time.Date(2025, 6, 22, 0, 0, 0, 0, time.UTC))
	for b.Loop() {
		run("check")
	}
	b.ReportMetric(float64(size)/2000, "B/entry")
}

// writeArchive lays out a newsletter with an entry a day, up to the newest.
func writeArchive(b *testing.B, folder string, entries int, newest time.Time) (size int) {
	if code := runIn(folder, "init", folder); code != exitDone {
		b.Fatal("init")
	}
	files, err := fs.Glob(sample.FS, "*.fr.md")
	if err != nil {
		b.Fatal(err)
	}
	for i := range entries {
		var text strings.Builder
		day := newest.AddDate(0, 0, i+1-entries).Format(time.DateOnly)
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
	return size
}

func runIn(folder string, args ...string) int {
	var out bytes.Buffer
	return run(context.Background(), args, nil, strings.NewReader(""), &out, &out)
}
