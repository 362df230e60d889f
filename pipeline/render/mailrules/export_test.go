package mailrules

import (
	"maps"
	"slices"
)

// IDs lists every violation there is.
func IDs() []string { return slices.Sorted(maps.Keys(kinds)) }
