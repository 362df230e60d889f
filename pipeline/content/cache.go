package content

import (
	"sync"
	"time"
)

// Cache remembers what each file gave, so that loading a folder again parses
// only the files whose bytes changed. They are all read: a save within one
// tick of the file system's clock leaves time and size as they were. It serves
// one folder with one set of Options and is safe for concurrent use.
type Cache struct {
	mu    sync.Mutex
	files map[string]cached
}

type cached struct {
	hash    string
	changed time.Time // a draft may take its date from it
	reading reading
}

// NewCache returns an empty cache.
func NewCache() *Cache { return &Cache{files: map[string]cached{}} }

// recall finds what a file with these bytes gave. A nil cache knows nothing.
func (c *Cache) recall(name, hash string, changed time.Time) (reading, bool) {
	if c == nil {
		return reading{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.files[name]
	return known.reading, ok && known.hash == hash && known.changed.Equal(changed)
}

func (c *Cache) keep(name, hash string, changed time.Time, r reading) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files[name] = cached{hash, changed, r}
}

// forget drops the files that are no more.
func (c *Cache) forget(names []string) {
	if c == nil {
		return
	}
	present := make(map[string]bool, len(names))
	for _, name := range names {
		present[name] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name := range c.files {
		if !present[name] {
			delete(c.files, name)
		}
	}
}
