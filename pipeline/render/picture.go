package render

import (
	"path"
	"strings"

	"github.com/infolettre/infolettre/pipeline/content"
)

// Picture is the media type of a picture that the public site serves below
// MediaPath. It goes by the name alone, since what a file holds could pass for
// a page: the extension, in capitals or not, is that of a format which every
// mail client shows (H11), and the entries' folder does not hide it. ok is
// false for anything else.
func Picture(name string) (mediaType string, ok bool) {
	switch strings.ToLower(path.Ext(name)) {
	case ".png":
		mediaType = "image/png"
	case ".jpg", ".jpeg":
		mediaType = "image/jpeg"
	case ".gif":
		mediaType = "image/gif"
	}
	return mediaType, mediaType != "" && content.Public(name)
}
