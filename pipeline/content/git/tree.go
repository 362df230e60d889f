package git

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Open reads a file or a folder of the last good commit. Links are not
// followed: nothing in a commit leads out of it.
func (m *Mirror) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f, err := m.open(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f, nil
}

func (m *Mirror) open(name string) (fs.File, error) {
	if m.root == nil {
		return nil, ErrNothing
	}
	when := m.commit.Committer.When
	if name == "." {
		return m.folder(".", m.root, when)
	}
	entry, err := m.root.FindEntry(name)
	if errors.Is(err, object.ErrEntryNotFound) || errors.Is(err, object.ErrDirectoryNotFound) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	switch entry.Mode {
	case filemode.Dir:
		tree, err := m.root.Tree(name)
		if err != nil {
			return nil, err
		}
		return m.folder(path.Base(name), tree, when)
	case filemode.Regular, filemode.Executable, filemode.Deprecated:
		blob, err := m.repository.BlobObject(entry.Hash)
		if err != nil {
			return nil, err
		}
		r, err := blob.Reader()
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, err
		}
		return &file{bytes.NewReader(data), info{path.Base(name), int64(len(data)), 0o444, when}}, nil
	}
	return nil, fs.ErrInvalid // a link, or another repository
}

// folder lists a tree; the sizes of its files are not read until asked for.
func (m *Mirror) folder(name string, tree *object.Tree, when time.Time) (fs.File, error) {
	d := &folder{info: info{name, 0, fs.ModeDir | 0o555, when}}
	for _, e := range tree.Entries {
		i := info{e.Name, 0, 0o444, when}
		switch e.Mode {
		case filemode.Dir:
			i.mode = fs.ModeDir | 0o555
		case filemode.Regular, filemode.Executable, filemode.Deprecated:
			size, err := m.repository.Storer.EncodedObjectSize(e.Hash)
			if err != nil {
				return nil, err
			}
			i.size = size
		case filemode.Symlink:
			i.mode = fs.ModeSymlink | 0o444
		default:
			i.mode = fs.ModeIrregular
		}
		d.entries = append(d.entries, fs.FileInfoToDirEntry(i))
	}
	return d, nil
}

// info describes a file as it stands in a commit.
type info struct {
	name string
	size int64
	mode fs.FileMode
	when time.Time // of the commit: git keeps no other
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return i.when }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return nil }

// file is one file's bytes, which can be sought in.
type file struct {
	*bytes.Reader
	info info
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }

// folder is read entry by entry.
type folder struct {
	info    info
	entries []fs.DirEntry
	read    int
}

func (d *folder) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *folder) Close() error               { return nil }

func (d *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.info.name, Err: fs.ErrInvalid}
}

// ReadDir is fs.ReadDirFile's. git sorts a folder as if its name ended in a
// slash; nobody here depends on the order but fs.WalkDir, which sorts anew.
func (d *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	left := d.entries[d.read:]
	if n > 0 && len(left) == 0 {
		return nil, io.EOF
	}
	if n > 0 && n < len(left) {
		left = left[:n]
	}
	d.read += len(left)
	return left, nil
}
