package git

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// repository is one with a commit "v1" of the files, then another commit on
// the branch master and one on a branch of its own, on which it stays.
func repository(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	r, err := gogit.PlainInit(folder, false)
	check(t, err)
	w, err := r.Worktree()
	check(t, err)
	commit := func(files map[string]string, gone ...string) {
		for name, text := range files {
			path := filepath.Join(folder, name)
			check(t, os.MkdirAll(filepath.Dir(path), 0o777))
			check(t, os.WriteFile(path, []byte(text), 0o666))
		}
		for _, name := range gone {
			check(t, os.Remove(filepath.Join(folder, name)))
		}
		check(t, w.AddWithOptions(&gogit.AddOptions{All: true}))
		_, err := w.Commit("x", &gogit.CommitOptions{Author: &object.Signature{Name: "A", When: time.Unix(1_790_000_000, 0)}})
		check(t, err)
	}
	commit(map[string]string{"content/a.md": "un", "content/images/b.png": "image", "content/2026/06/c.md": "trois", "README.md": "lisez"})
	head, err := r.Head()
	check(t, err)
	_, err = r.CreateTag("v1", head.Hash(), nil)
	check(t, err)
	commit(map[string]string{"content/main.md": "ailleurs"})
	check(t, w.Checkout(&gogit.CheckoutOptions{Hash: head.Hash(), Branch: "refs/heads/billet", Create: true}))
	commit(map[string]string{"content/a.md": "deux"}, "content/images/b.png")
	return folder
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What the other branch did since does not count, nor what this one did.
func TestBefore(t *testing.T) {
	t.Parallel()
	folder := repository(t)
	for _, ref := range []string{"master", "v1", "HEAD~1", "refs/heads/master"} {
		fsys, err := Before(filepath.Join(folder, "content"), ref)
		if err != nil {
			t.Fatal(err)
		}
		if err := fstest.TestFS(fsys, "a.md", "images/b.png", "2026/06/c.md"); err != nil {
			t.Error(err)
		}
		if data, err := fs.ReadFile(fsys, "a.md"); string(data) != "un" {
			t.Errorf("%s: %q %v", ref, data, err)
		}
		if _, err := fs.Stat(fsys, "main.md"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a file of the other branch: %v", ref, err)
		}
	}
	if fsys, err := Before(folder, "master"); err != nil {
		t.Error(err)
	} else if data, _ := fs.ReadFile(fsys, "README.md"); string(data) != "lisez" {
		t.Errorf("the whole repository: %q", data)
	}
}

// A folder that began with the change was empty before it.
func TestBeforeNewFolder(t *testing.T) {
	t.Parallel()
	folder := repository(t)
	check(t, os.Mkdir(filepath.Join(folder, "billets"), 0o777))
	fsys, err := Before(filepath.Join(folder, "billets"), "master")
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := fs.ReadDir(fsys, "."); err != nil || len(entries) > 0 {
		t.Errorf("%v %v", entries, err)
	}
}

func TestBeforeSaysWhy(t *testing.T) {
	t.Parallel()
	folder := repository(t)
	if _, err := Before(folder, "origin/main"); !errors.Is(err, ErrUnknownRef) {
		t.Errorf("unknown: %v", err)
	}
	if _, err := Before(t.TempDir(), "HEAD"); !errors.Is(err, ErrNoRepository) {
		t.Errorf("no repository: %v", err)
	}
	r, err := gogit.PlainOpen(folder)
	check(t, err)
	commit, err := r.ResolveRevision("master")
	check(t, err)
	shallow, err := gogit.PlainInit(t.TempDir(), false)
	check(t, err)
	w, err := shallow.Worktree()
	check(t, err)
	hash, err := w.Commit("y", &gogit.CommitOptions{AllowEmptyCommits: true, Author: &object.Signature{Name: "A"}})
	check(t, err)
	if hash == *commit {
		t.Fatal("the same commit")
	}
	if _, err := mergeBase(shallow, commit.String()); !errors.Is(err, ErrUnknownRef) {
		t.Errorf("a commit that is not there: %v", err)
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	folder := repository(t)
	for below, want := range map[string]string{".": ".", "content": "content", "content/2026/06": "content/2026/06"} {
		if got, ok := Path(filepath.Join(folder, below)); got != want || !ok {
			t.Errorf("Path(%s) = %q, %v", below, got, ok)
		}
	}
	if _, ok := Path(t.TempDir()); ok {
		t.Error("a repository where there is none")
	}
}
