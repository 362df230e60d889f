// Package setting says which value of the settings cannot work.
package setting

import (
	"errors"
	"fmt"
)

// Error is a value that cannot work. What would, is said where the settings
// are read, in the reader's language, by the message "config.<Key>".
type Error struct {
	Key   string // as in the file, "servers.0.port"
	Value any    // as it was understood
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v cannot work", e.Key, e.Value) }

// Below puts an error of a part of the settings under the key of that part.
func Below(key string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return &Error{key + "." + e.Key, e.Value}
	}
	return err
}
