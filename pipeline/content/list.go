package content

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Names lists the files that Load reads, in its order.
func Names(fsys fs.FS) ([]string, error) {
	names, _, err := list(fsys)
	return names, err
}

// list walks the tree and names the files to read.
//
// Passed over without a word: names that begin with "_" or ".", but for the
// folders in which Jekyll keeps entries; node_modules; README and LISEZMOI in
// any language; other extensions; and whatever is neither a file nor a folder,
// such as a pipe.
func list(fsys fs.FS) (names []string, problems []Problem, err error) {
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return fmt.Errorf("read the folder of entries: %w", err)
		case err != nil:
			problems = append(problems, Problem{ID: "folder-unreadable", Severity: Error, File: shown(name)})
			return fs.SkipDir
		case name != "." && passedOver(d):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && IsEntry(name):
			names = append(names, name)
		}
		return nil
	})
	slices.Sort(names)
	return names, problems, err
}

// draftFolder is Jekyll's: what lies in it is a draft, and need have no date.
const draftFolder = "_drafts"

// entryFolders begin with "_" and are read all the same. Another one, such as
// _brouillons, may be where a team hides what must not be sent.
var entryFolders = []string{draftFolder, "_posts", "_newsletters", "_news", "_articles", "_billets"}

func passedOver(d fs.DirEntry) bool {
	if hidden(d.Name(), d.IsDir()) {
		return true
	}
	stem, _, _ := strings.Cut(d.Name(), ".")
	return !d.IsDir() && (strings.EqualFold(stem, "readme") || strings.EqualFold(stem, "lisezmoi"))
}

func hidden(name string, folder bool) bool {
	if folder && slices.Contains(entryFolders, name) {
		return false
	}
	return strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") || folder && name == "node_modules"
}

// Public reports whether a file of the entries' folder, such as a picture, may
// be shown to anybody: it has a path that fs.FS takes, nothing on that path is
// hidden from Load, and it does not lie among drafts.
func Public(name string) bool {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if part == draftFolder || hidden(part, i < len(parts)-1) {
			return false
		}
	}
	return fs.ValidPath(name)
}

// IsEntry reports a name that a file of an entry may have.
func IsEntry(name string) bool {
	ext := path.Ext(name)
	return strings.EqualFold(ext, ".md") || strings.EqualFold(ext, ".markdown")
}
