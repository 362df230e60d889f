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
// same file, wherever in it. renamed is that of Changes.
func New(after, before []Finding, renamed map[string]string) []Finding {
	known := map[string]int{}
	for _, f := range before {
		known[key(f, nil)]++
	}
	var left []Finding
	for _, f := range after {
		k := key(f, renamed)
		if old, ok := renamed[f.File]; known[k] > 0 && (!ok || old != "") {
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
	Renamed map[string]string // the new name of a file → its old one; "" for a new file under the old name of another
}

// maxPairs bounds the search for files renamed and edited at once.
const maxPairs = 10_000

// Compare finds the changes from one folder to another. A file under another
// name is the same when its bytes are, or else at least half of its text.
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
	gone, come := other(old, now), other(now, old)
	gone, come = c.findMoved(old, now, gone, come)
	if len(gone)*len(come) <= maxPairs {
		c.findEdited(old, now, gone, come)
	}
	for _, from := range slices.Collect(maps.Values(c.Renamed)) {
		if _, exists := now[from]; exists && c.Renamed[from] == "" {
			c.Renamed[from] = ""
		}
	}
	return c, nil
}

// other lists, sorted, the names under which the texts of a do not go on in b:
// there is none of that name, or it has another text. Two texts that changed
// places are others, however alike they are.
func other(a, b map[string]string) []string {
	places := map[string]int{}
	for _, texts := range []map[string]string{a, b} {
		for text := range maps.Values(texts) {
			places[text]++
		}
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(a)) {
		text, stays := b[name]
		swapped := places[text] > 1 && places[a[name]] > 1
		if !stays || text != a[name] && (swapped || alike(phrases(text), phrases(a[name])) < half) {
			names = append(names, name)
		}
	}
	return names
}

// findMoved finds the texts that go on unchanged under another name, and
// leaves the names that are still to be explained.
func (c Changes) findMoved(old, now map[string]string, gone, come []string) (left, unknown []string) {
	moved := map[string]bool{}
	from := map[string][]string{} // text → its old names
	for _, name := range gone {
		from[old[name]] = append(from[old[name]], name)
	}
	for _, name := range come {
		names := from[now[name]]
		if len(names) == 0 {
			unknown = append(unknown, name)
			continue
		}
		c.Renamed[name], c.Touched[name] = names[0], false
		moved[names[0]], from[now[name]] = true, names[1:]
	}
	return slices.DeleteFunc(gone, func(name string) bool { return moved[name] }), unknown
}

// half is how much of a text that was renamed and edited at once must be left.
const half = 0.5

// findEdited finds, for each new name, the text that is most like its own.
func (c Changes) findEdited(old, now map[string]string, gone, come []string) {
	were := make([]map[[3]string]int, len(gone))
	for i, name := range gone {
		were[i] = phrases(old[name])
	}
	for _, name := range come {
		is := phrases(now[name])
		best, most := -1, half
		for i, was := range were {
			if s := alike(was, is); s >= most && was != nil {
				best, most = i, s
			}
		}
		if best >= 0 {
			c.Renamed[name], were[best] = gone[best], nil
		}
	}
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

// phrases counts the runs of three words of an entry's text. Single words, and
// the front matter, are much the same in unrelated entries.
func phrases(text string) map[[3]string]int {
	words := strings.Fields(content.Body(text))
	runs := map[[3]string]int{}
	for i := range max(len(words)-2, min(len(words), 1)) {
		var run [3]string
		copy(run[:], words[i:])
		runs[run]++
	}
	return runs
}

// alike is the share, from 0 to 1, of the phrases that two texts have in common.
func alike(a, b map[[3]string]int) float64 {
	common, total := 0, 0
	for run, n := range a {
		common += min(n, b[run])
		total += n
	}
	for n := range maps.Values(b) {
		total += n
	}
	if total == 0 {
		return 0
	}
	return 2 * float64(common) / float64(total)
}
