package check

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/infolettre/infolettre/pipeline/content"
)

// New leaves, of the findings after a change, those that were not there
// before: each of the ones before takes away one that says the same of the
// same file, wherever in it. renamed maps the new names of files to their old
// ones.
func New(after, before []Finding, renamed map[string]string) []Finding {
	known := map[string]int{}
	for _, f := range before {
		known[key(f, nil)]++
	}
	var left []Finding
	for _, f := range after {
		k := key(f, renamed)
		if known[k] > 0 {
			known[k]--
			continue
		}
		left = append(left, f)
	}
	return left
}

// key is what a finding says, without the lines, which move.
func key(f Finding, renamed map[string]string) string {
	args := maps.Clone(f.Args)
	for name, value := range args {
		switch value := value.(type) {
		case int:
			if name == "Line" || name == "First" {
				delete(args, name)
			}
		case string:
			if old, ok := renamed[value]; ok {
				args[name] = old
			}
		}
	}
	file := f.File
	if old, ok := renamed[file]; ok {
		file = old
	}
	return fmt.Sprint(f.ID, "\x00", file, "\x00", args)
}

// Changes is what happened to the entries' files between two folders.
type Changes struct {
	Touched map[string]bool   // files that are new or not as they were
	Renamed map[string]string // the new name of a file → its old one
}

// maxPairs bounds the search for files renamed and edited at once.
const maxPairs = 10_000

// Compare finds the changes from one folder to another. A file under another
// name is the same when its bytes are, or else at least half of its lines.
func Compare(before, after fs.FS) (Changes, error) {
	old, err := read(before)
	if err != nil {
		return Changes{}, err
	}
	now, err := read(after)
	if err != nil {
		return Changes{}, err
	}
	c := Changes{map[string]bool{}, map[string]string{}}
	for name, text := range now {
		was, ok := old[name]
		c.Touched[name] = !ok || was != text
	}
	gone, come := missing(old, now), missing(now, old)
	for _, name := range come {
		if from := slices.IndexFunc(gone, func(g string) bool { return old[g] == now[name] }); from >= 0 {
			c.Renamed[name], c.Touched[name] = gone[from], false
			gone = slices.Delete(gone, from, from+1)
		}
	}
	if len(gone)*len(come) > maxPairs {
		return c, nil
	}
	for _, name := range come {
		if c.Renamed[name] != "" {
			continue
		}
		best, most := -1, 0.5
		for i, g := range gone {
			if s := alike(old[g], now[name]); s >= most {
				best, most = i, s
			}
		}
		if best >= 0 {
			c.Renamed[name] = gone[best]
			gone = slices.Delete(gone, best, best+1)
		}
	}
	return c, nil
}

// maxCompared is, in bytes, what files may weigh to be compared.
const maxCompared = 1 << 20

// read takes the texts of a folder's entries.
func read(fsys fs.FS) (map[string]string, error) {
	names, err := content.Names(fsys)
	if err != nil {
		return nil, err
	}
	texts := make(map[string]string, len(names))
	for _, name := range names {
		info, err := fs.Stat(fsys, name)
		if err != nil || !info.Mode().IsRegular() {
			continue // content.Load says so
		}
		if info.Size() > maxCompared { // refused in any case
			texts[name] = fmt.Sprint(info.Size())
			continue
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			continue
		}
		texts[name] = strings.ReplaceAll(string(data), "\r\n", "\n") // git may have changed them
	}
	return texts, nil
}

// missing lists the names of a that b has not, sorted.
func missing(a, b map[string]string) []string {
	var names []string
	for name := range a {
		if _, ok := b[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// alike is the share, from 0 to 1, of the lines that two texts have in common.
func alike(a, b string) float64 {
	count := map[string]int{}
	total := 0
	for line := range strings.SplitSeq(a, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			count[line]++
			total++
		}
	}
	common, lines := 0, 0
	for line := range strings.SplitSeq(b, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		lines++
		if count[line] > 0 {
			count[line]--
			common++
		}
	}
	if total+lines == 0 {
		return 0
	}
	return 2 * float64(common) / float64(total+lines)
}
