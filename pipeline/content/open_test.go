package content

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"
)

// Whoever opens a pipe waits for somebody to write to it.
func TestReadFile(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"a.png": {Data: []byte("a")}, "tube.png": {Mode: fs.ModeNamedPipe}, "prise.png": {Mode: fs.ModeSocket}, "dossier.png": {Mode: fs.ModeDir},
	}
	if data, err := ReadFile(fsys, "a.png"); string(data) != "a" || err != nil {
		t.Errorf("%q %v", data, err)
	}
	for _, name := range []string{"tube.png", "prise.png", "dossier.png"} {
		if _, err := ReadFile(fsys, name); !errors.Is(err, ErrNotRegular) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadFile(fsys, "absent.png"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestTarget(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file, dest, want string
		ok               bool
	}{
		{"un.md", "a.png", "a.png", true},
		{"2026/mars/un.md", "a.png", "2026/mars/a.png", true},
		{"2026/mars/un.md", "../a.png", "2026/a.png", true},
		{"2026/mars/un.md", "/images/a.png", "images/a.png", true},
		{"un.md", "a%20b.png", "a b.png", true},
		{"un.md", "a.md#note", "a.md", true},
		{"2026/un.md", "../../a.png", "", false},
		{"un.md", "/../a.png", "", false},
		{"un.md", "%2e%2e/a.png", "", false},
		{"un.md", "?q=1", "", false},
		{"un.md", "", "", false},
		{"un.md", ".", "", false},
		{"un.md", "%zz", "", false},
		{"un.md", "//exemple.fr/a.png", "", false},
		{"un.md", "https://exemple.fr/a.png", "", false},
	} {
		got, ok := Target(test.file, test.dest)
		if ok != test.ok || ok && got != test.want {
			t.Errorf("Target(%q, %q) = %q, %v, want %q, %v", test.file, test.dest, got, ok, test.want, test.ok)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	const composed, apart = "\u00e9t\u00e9.png", "e\u0301te\u0301.png"
	for _, tt := range []struct{ stored, typed string }{
		{composed, composed}, {composed, apart}, {apart, composed}, {apart, apart},
	} {
		if got := Find(fstest.MapFS{tt.stored: {}}, tt.typed); got != tt.stored {
			t.Errorf("%q stored, %q typed: %q", tt.stored, tt.typed, got)
		}
	}
	if got := Find(fstest.MapFS{}, composed); got != composed {
		t.Errorf("%q", got)
	}
}
