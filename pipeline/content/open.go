package content

import (
	"errors"
	"io"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// ErrNotRegular says that a name is none of a file with bytes of its own.
var ErrNotRegular = errors.New("not a regular file")

// Open opens a regular file. Opening anything else, such as a pipe, could wait
// for ever.
func Open(fsys fs.FS, name string) (fs.File, fs.FileInfo, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, &fs.PathError{Op: "open", Path: name, Err: ErrNotRegular}
	}
	f, err := fsys.Open(name)
	return f, info, err
}

// ReadFile reads a regular file.
func ReadFile(fsys fs.FS, name string) ([]byte, error) {
	f, _, err := Open(fsys, name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	return data, errors.Join(err, f.Close())
}

// Target is the path, from the content root, of a destination seen from an
// entry's file; one that begins with a slash is seen from the root. ok is false
// for what leaves the root, names nothing in it or is no path.
func Target(file, dest string) (name string, ok bool) {
	u, err := url.Parse(dest)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" {
		return "", false
	}
	name = path.Join(path.Dir(file), u.Path)
	if strings.HasPrefix(u.Path, "/") {
		name = path.Clean(strings.TrimLeft(u.Path, "/"))
	}
	return name, fs.ValidPath(name) && name != "."
}

// Find is the name under which there is a file: as it is typed, or in Unicode's
// other normal form. Names that a Mac made have their accents apart from their
// letters, where its keyboard types them together.
func Find(fsys fs.FS, name string) string {
	for _, form := range []string{name, norm.NFC.String(name), norm.NFD.String(name)} {
		if _, err := fs.Stat(fsys, form); err == nil {
			return form
		}
	}
	return name
}
