package preview

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/infolettre/infolettre/pipeline/content"
)

// Editors save in several steps: they write, rename and set the mode. A save
// is over once no step followed for a while; a checkout, which changes many
// files, is shown in parts.
const (
	quiet   = 10 * time.Millisecond
	longest = 30 * time.Millisecond
)

// ErrWatch says that the system does not tell of saves.
var ErrWatch = errors.New("watch files")

// Watch rebuilds after each save since New, until ctx ends.
func (p *Preview) Watch(ctx context.Context) error {
	for {
		c, err := p.watch.change(ctx)
		if err != nil || ctx.Err() != nil {
			return err
		}
		if err := p.Rebuild(ctx, c); err != nil {
			return err
		}
	}
}

// Close ends the watching; what was shown can still be seen.
func (p *Preview) Close() error { return p.watch.watcher.Close() }

// watch follows folders, not files: most editors save by putting a new file in
// the place of the old one.
type watch struct {
	watcher          *fsnotify.Watcher
	settings, folder string // as they are followed
	stale            bool   // a folder came or went
}

func newWatch() (*watch, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWatch, err)
	}
	return &watch{watcher: watcher}, nil
}

// follow watches the settings' folder and all folders of entries: before they
// are read, so that no save goes unseen. It walks only when it must.
func (w *watch) follow(n *Newsletter) error {
	if w.settings == n.Settings && w.folder == n.Folder && !w.stale {
		return nil
	}
	w.settings, w.folder, w.stale = n.Settings, n.Folder, true // until all is watched
	for _, folder := range []string{filepath.Dir(n.Settings), filepath.Dir(n.Folder)} {
		if err := w.watcher.Add(folder); err != nil {
			return fmt.Errorf("%w in %s: %w", ErrWatch, folder, err)
		}
	}
	err := filepath.WalkDir(n.Folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // gone since, or not to be read, as loading says too
		case !d.IsDir():
			return nil
		case path != n.Folder && passedOver(d.Name()):
			return fs.SkipDir
		}
		if err := w.watcher.Add(path); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("%w in %s: %w", ErrWatch, path, err)
		}
		return nil
	})
	w.stale = err != nil
	return err
}

// change waits for a save and its aftermath.
func (w *watch) change(ctx context.Context) (c Change, err error) {
	var over, late <-chan time.Time // none before the first event
	for {
		select {
		case <-ctx.Done():
			return c, nil
		case <-over:
			return c, nil
		case <-late:
			return c, nil
		case err := <-w.watcher.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return c, fmt.Errorf("%w: %w", ErrWatch, err)
			}
			w.stale, c = true, Change{true, true} // too many at once to tell
		case e := <-w.watcher.Events:
			if !w.matters(e) {
				continue
			}
			// Another folder of the same name is as good as another setting.
			c.Settings = c.Settings || e.Name == w.settings || e.Name == w.folder
			c.Assets = c.Assets || e.Op&^(fsnotify.Write|fsnotify.Chmod) != 0 || !content.IsEntry(e.Name)
			w.stale = w.stale || isFolder(e)
		}
		over = time.After(quiet)
		if late == nil {
			late = time.After(longest)
		}
	}
}

// matters leaves out what editors and systems write beside the entries, and
// what lies beside the settings.
func (w *watch) matters(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	if e.Name == w.settings || e.Name == w.folder {
		return true
	}
	inside := strings.HasPrefix(e.Name, w.folder+string(filepath.Separator))
	return inside && !passedOver(filepath.Base(e.Name))
}

// passedOver are .git, swap files, backups and their like.
func passedOver(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.HasPrefix(name, "#") || name == "node_modules"
}

// isFolder reports that a folder came. One that went may have been any name
// without extension; looking once too often does no harm.
func isFolder(e fsnotify.Event) bool {
	if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
		return filepath.Ext(e.Name) == ""
	}
	info, err := os.Stat(e.Name)
	return e.Has(fsnotify.Create) && err == nil && info.IsDir()
}
