package content

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"testing"
)

// The globs of embed.go must follow the folder: a picture put elsewhere, or a
// name that begins with "_" or ".", would be missing from the demo in silence.
func TestEmbedHoldsTheWholeFolder(t *testing.T) {
	t.Parallel()
	folder := os.DirFS(".")
	files := 0
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) == ".go" {
			return err
		}
		files++
		want, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		got, err := FS.ReadFile(name)
		if err != nil {
			t.Errorf("%s is not embedded", name)
			return nil
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: the embedded bytes differ from the file's", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Error("no file was compared")
	}
}
