package mailbox

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

var unsafeInName = regexp.MustCompile(`[^A-Za-z0-9@._+-]+`)

// WriteEML writes every accepted message into dir, which it creates, as
// 001-address.eml and so on, in order of arrival.
func (m *Mailbox) WriteEML(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("create mail folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open mail folder: %w", err)
	}
	defer root.Close()
	for i, message := range m.Messages() {
		if err := root.WriteFile(fileName(i+1, message), message.Raw, 0o644); err != nil {
			return fmt.Errorf("write mail: %w", err)
		}
	}
	return nil
}

// fileName is safe on every file system: the number in front keeps it from
// being hidden or reserved, addresses are cut at 100 bytes.
func fileName(n int, m Message) string {
	address := "nobody"
	if len(m.To) > 0 {
		address = unsafeInName.ReplaceAllString(m.To[0], "-")
	}
	address = strings.TrimRight(address[:min(len(address), 100)], ".-")
	return fmt.Sprintf("%03d-%s.eml", n, address)
}
