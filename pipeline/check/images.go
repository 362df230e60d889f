package check

import (
	"io/fs"
	"regexp"
	"strings"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/render/markdown"
)

// What an image may weigh and measure: twice the 600 px it is shown at, for
// dense screens.
const (
	maxImageBytes = 200_000
	maxImageWidth = 1200
)

// image weighs and measures an image of the folder; whether it exists and can
// be read, rendering says.
func (b *builder) image(i markdown.ImageRef) {
	if i.Alt != "" && saysNothing(i.Alt) {
		b.warn("image-alt-vague", i.Line, map[string]any{"Text": shown(i.Alt)})
	}
	name, ok := content.Target(b.entry.Path, i.URL)
	if !ok {
		return
	}
	asset, err := render.NewAssets(b.context.Files).Image(name)
	if err != nil {
		return
	}
	info, err := fs.Stat(b.context.Files, asset.Path)
	if err != nil {
		return
	}
	if info.Size() > maxImageBytes {
		b.warn("image-heavy", i.Line, map[string]any{"URL": shown(i.URL), "Size": (info.Size() + 999) / 1000, "Limit": maxImageBytes / 1000})
	}
	if asset.Width > maxImageWidth {
		b.warn("image-wide", i.Line, map[string]any{"URL": shown(i.URL), "Width": asset.Width, "Limit": maxImageWidth})
	}
}

// fileName is what cameras and editors put where a description should be.
var fileName = regexp.MustCompile(`(?i)^\S+\.(?:png|jpe?g|gif|webp|svg|avif|heic)$|^(?:img|dsc|dscn|image|photo|capture|screenshot)[ _-]?\d*$|^capture d[’']écran\b.*\d`)

var emptyWords = []string{"image", "photo", "illustration", "logo", "schéma", "schema", "graphique", "picture", "figure", "alt", "texte alternatif", "description"}

func saysNothing(alt string) bool {
	alt = strings.ToLower(strings.TrimSpace(alt))
	if fileName.MatchString(alt) {
		return true
	}
	for _, word := range emptyWords {
		if alt == word {
			return true
		}
	}
	return false
}
