package git

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Errors of Before.
var (
	ErrNoRepository = errors.New("no git repository")
	ErrUnknownRef   = errors.New("no such commit here")
	ErrUnrelated    = errors.New("no commit in common")
)

// Before is the folder as it was where the work that HEAD has, and ref has
// not, began: at their merge base, as pull requests mean it. A folder that
// was not there yet is empty. In a clone without history the error wraps
// ErrUnknownRef or ErrUnrelated.
func Before(folder, ref string) (fs.FS, error) {
	repository, err := open(folder)
	if err != nil {
		return nil, fmt.Errorf("open the repository of %s: %w: %w", folder, ErrNoRepository, err)
	}
	place, err := below(repository, folder)
	if err != nil {
		return nil, err
	}
	base, err := mergeBase(repository, ref)
	if err != nil {
		return nil, err
	}
	root, err := base.Tree()
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", base.Hash, err)
	}
	if place != "." {
		root, err = root.Tree(place)
		if errors.Is(err, object.ErrDirectoryNotFound) {
			return newTree(&object.Tree{}, base.Committer.When)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s in commit %s: %w", place, base.Hash, err)
		}
	}
	return newTree(root, base.Committer.When)
}

// Path is where the folder lies below the root of its repository,
// slash-separated; ok is false outside of one.
func Path(folder string) (place string, ok bool) {
	repository, err := open(folder)
	if err != nil {
		return "", false
	}
	place, err = below(repository, folder)
	return place, err == nil
}

func below(repository *gogit.Repository, folder string) (string, error) {
	worktree, err := repository.Worktree()
	if err != nil {
		return "", fmt.Errorf("repository of %s: %w: %w", folder, ErrNoRepository, err)
	}
	paths := []string{worktree.Filesystem.Root(), folder}
	for i, p := range paths {
		if p, err = filepath.Abs(p); err == nil {
			p, err = filepath.EvalSymlinks(p)
		}
		if err != nil {
			return "", fmt.Errorf("find %s in its repository: %w", folder, err)
		}
		paths[i] = p
	}
	place, err := filepath.Rel(paths[0], paths[1])
	return filepath.ToSlash(place), err
}

func mergeBase(repository *gogit.Repository, ref string) (*object.Commit, error) {
	var commits []*object.Commit
	for _, name := range []string{ref, "HEAD"} {
		commit, err := commitOf(repository, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, ErrUnknownRef, err)
		}
		commits = append(commits, commit)
	}
	bases, err := commits[0].MergeBase(commits[1])
	if err != nil || len(bases) == 0 { // a clone without history ends before
		return nil, errors.Join(fmt.Errorf("%s and HEAD: %w", ref, ErrUnrelated), err)
	}
	return bases[0], nil
}

// commitOf finds a commit; a branch may be one that only the server has, as
// on a forge's runner.
func commitOf(repository *gogit.Repository, name string) (*object.Commit, error) {
	hash, err := repository.ResolveRevision(plumbing.Revision(name))
	if err != nil {
		var remote error
		if hash, remote = repository.ResolveRevision(plumbing.Revision("origin/" + name)); remote != nil {
			return nil, err
		}
	}
	return repository.CommitObject(*hash)
}

// tree is a commit's tree as an fs.FS, read out of git's objects. Links are
// followed within it, as os.Root does, and other repositories inside are left
// out: nothing in a commit leads out of it.
type tree struct {
	files   map[string]*object.File
	folders map[string][]fs.DirEntry
	when    time.Time  // of the commit: git keeps no other
	reading sync.Mutex // go-git reads objects from one goroutine at a time
}

func newTree(root *object.Tree, when time.Time) (*tree, error) {
	t := &tree{files: map[string]*object.File{}, folders: map[string][]fs.DirEntry{".": nil}, when: when}
	if len(root.Entries) == 0 {
		return t, nil
	}
	err := root.Files().ForEach(func(f *object.File) error {
		t.files[f.Name] = f
		t.enter(f.Name, t.info(f))
		return nil
	})
	for _, entries := range t.folders {
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return t, err
}

// enter lists a name in its folder, and the folder in its own.
func (t *tree) enter(name string, i info) {
	folder := path.Dir(name)
	_, known := t.folders[folder]
	t.folders[folder] = append(t.folders[folder], fs.FileInfoToDirEntry(i))
	if !known {
		t.enter(folder, info{path.Base(folder), 0, fs.ModeDir | 0o555, t.when})
	}
}

// Open implements fs.FS.
func (t *tree) Open(name string) (fs.File, error) {
	asked := name
	name, err := t.follow(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: asked, Err: err}
	}
	if entries, ok := t.folders[name]; ok {
		return &openFolder{info{path.Base(name), 0, fs.ModeDir | 0o555, t.when}, entries}, nil
	}
	f, ok := t.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: asked, Err: fs.ErrNotExist}
	}
	data, err := t.read(f)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: asked, Err: err}
	}
	return &openFile{t.info(f), bytes.NewReader(data)}, nil
}

func (t *tree) info(f *object.File) info {
	mode := fs.FileMode(0o444)
	if f.Mode == filemode.Symlink {
		mode |= fs.ModeSymlink
	}
	return info{path.Base(f.Name), f.Size, mode, t.when}
}

func (t *tree) read(f *object.File) ([]byte, error) {
	t.reading.Lock()
	defer t.reading.Unlock()
	r, err := f.Reader()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// maxLinks is how many links may lead to one another, as for Linux.
const maxLinks = 40

// follow is the place that a name leads to, which need not exist. The error is
// fs.ErrInvalid for what is no name in the tree.
func (t *tree) follow(name string) (string, error) {
	for range maxLinks {
		if !fs.ValidPath(name) {
			return "", fs.ErrInvalid
		}
		link, rest := t.link(name)
		if link == "" {
			return name, nil
		}
		target, err := t.read(t.files[link])
		if err != nil {
			return "", err
		}
		if path.IsAbs(string(target)) {
			return "", fs.ErrInvalid
		}
		name = path.Join(path.Dir(link), string(target), rest)
	}
	return "", fs.ErrInvalid
}

// link is the first link on the way to a name, "" for none, and what of the
// name follows it.
func (t *tree) link(name string) (link, rest string) {
	for end := 0; end < len(name); {
		if i := strings.IndexByte(name[end+1:], '/'); i >= 0 {
			end += 1 + i
		} else {
			end = len(name)
		}
		if f, ok := t.files[name[:end]]; ok && f.Mode == filemode.Symlink {
			return name[:end], name[end:]
		}
	}
	return "", ""
}

// ReadLink implements fs.ReadLinkFS.
func (t *tree) ReadLink(name string) (string, error) {
	f, ok := t.files[name]
	if !ok || f.Mode != filemode.Symlink {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	target, err := t.read(f)
	return string(target), err
}

// Stat implements fs.StatFS: no blob is opened for it but those of links.
func (t *tree) Stat(name string) (fs.FileInfo, error) {
	place, err := t.follow(name)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return t.Lstat(place)
}

// Lstat implements fs.ReadLinkFS.
func (t *tree) Lstat(name string) (fs.FileInfo, error) {
	if f, ok := t.files[name]; ok {
		return t.info(f), nil
	}
	if _, ok := t.folders[name]; ok {
		return info{path.Base(name), 0, fs.ModeDir | 0o555, t.when}, nil
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

// info is what is known of a file of a commit.
type info struct {
	name string
	size int64
	mode fs.FileMode
	when time.Time
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return i.when }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return nil }

type openFile struct {
	info
	*bytes.Reader
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }
func (f *openFile) Size() int64                { return f.info.size }

type openFolder struct {
	info
	rest []fs.DirEntry
}

func (f *openFolder) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFolder) Close() error               { return nil }

func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.name, Err: errors.New("is a folder")}
}

// ReadDir implements fs.ReadDirFile.
func (f *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(f.rest)
	} else if len(f.rest) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.rest))
	entries := f.rest[:n]
	f.rest = f.rest[n:]
	return entries, nil
}
