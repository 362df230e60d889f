package web_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/content/git"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/web"
)

// shows says of each picture of an entries' folder whether it is to be seen,
// by readers of the mail and on the site alike.
var shows = map[string]bool{
	"phare.png": true, "images/IMG_0001.PNG": true, "images/Phare de nuit.Jpeg": true, "readme.gif": true, "_posts/phare.png": true,
	"photo": false, "photo.jfif": false, "phare.webp": false, "images/.phare.png": false, "_phare.png": false,
	"_drafts/phare.png": false, "_posts/_drafts/phare.png": false, "_brouillons/phare.png": false, "node_modules/a.png": false, ".cache/phare.png": false,
}

// What a mail shows, the site serves, and nothing else: out of a folder, and
// out of the copy of a repository.
func TestMedia(t *testing.T) {
	folder := t.TempDir()
	repository, err := gogit.PlainInitWithOptions(folder, &gogit.PlainInitOptions{InitOptions: gogit.InitOptions{DefaultBranch: "refs/heads/main"}})
	if err != nil {
		t.Fatal(err)
	}
	picture := pixels(t)
	for _, name := range append(slices.Collect(maps.Keys(shows)), ".git/phare.png") {
		if err := errors.Join(os.MkdirAll(filepath.Join(folder, path.Dir(name)), 0o777), os.WriteFile(filepath.Join(folder, name), picture, 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, files := range map[string]fs.FS{"folder": root.FS(), "copy of a repository": pulled(t, folder, repository)} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, func(o *web.Options) { o.Media = files })
			for name, shown := range shows {
				address := (&url.URL{Path: name}).EscapedPath()
				if inMail := strings.Contains(mailWith(t, files, name), "/media/"+address+`"`); inMail != shown {
					t.Errorf("%s: in the mail: %t", name, inMail)
				}
				got := s.get("/media/" + address)
				if onSite := got.status == http.StatusOK && got.body == string(picture); onSite != shown {
					t.Errorf("%s: the site answers %d", name, got.status)
				}
				if kind := got.header.Get("Content-Type"); shown != strings.HasPrefix(kind, "image/") {
					t.Errorf("%s: is a %s", name, kind)
				}
			}
			if got := s.get("/media/.git/phare.png"); got.status != http.StatusNotFound {
				t.Errorf("out of the repository's own folder: %d", got.status)
			}
		})
	}
}

func pixels(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 12, 5))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pulled is the copy of a repository, all files of its folder committed.
func pulled(t *testing.T, folder string, repository *gogit.Repository) *git.Mirror {
	t.Helper()
	tree, err := repository.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	add := tree.AddWithOptions(&gogit.AddOptions{All: true})
	_, commit := tree.Commit("Images", &gogit.CommitOptions{Author: &object.Signature{Name: "Zoé", When: thursday}})
	m, open := git.NewMirror(t.TempDir(), git.Source{URL: folder})
	if err := errors.Join(add, commit, open); err != nil {
		t.Fatal(err)
	}
	if err := m.Pull(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

// mailWith is the mail of an entry that shows a picture.
func mailWith(t *testing.T, files fs.FS, picture string) string {
	t.Helper()
	words, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	r, err := render.New(render.Config{Name: "La Vigie", PostalAddress: "x"}, words, render.NewAssets(files))
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := r.Entry(content.Entry{ID: "a", Path: "a.md", Lang: "fr", Title: "Le phare", Date: thursday, Body: "![un phare](<" + picture + ">)", BodyLine: 1}, "fr")
	if err != nil {
		t.Fatal(err)
	}
	return d.HTML
}

// unopened has a pipe, which nobody may open: it would wait for ever.
type unopened struct {
	fstest.MapFS
	*testing.T
}

func (u unopened) Open(name string) (fs.File, error) {
	if u.MapFS[name].Mode&fs.ModeNamedPipe != 0 {
		u.Errorf("%s was opened", name)
	}
	return u.MapFS.Open(name)
}

func TestMediaIsAFile(t *testing.T) {
	files := unopened{fstest.MapFS{
		"tube.png": {Mode: fs.ModeNamedPipe}, "dossier.png": {Mode: fs.ModeDir}, "phare.png": {Data: pixels(t)},
	}, t}
	s := newSite(t, func(o *web.Options) { o.Media = files })
	for name, want := range map[string]int{"tube.png": 404, "dossier.png": 404, "phare.png": 200} {
		if got := s.get("/media/" + name); got.status != want {
			t.Errorf("%s: %d, want %d", name, got.status, want)
		}
	}
}
