package render

import (
	"errors"
	"io/fs"
	"net/url"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/render/markdown"
)

// resolver finds what an entry's relative destinations mean: images below the
// content root, and the other entries of the issue.
func (ed *edition) resolver(e content.Entry) markdown.Resolver {
	base := mark(ed.key, Base)
	return func(kind markdown.Kind, dest string) (markdown.Target, *markdown.Finding) {
		if strings.HasPrefix(dest, base) {
			return markdown.Target{URL: dest}, nil
		}
		name, ok := content.Target(e.Path, dest)
		if !ok {
			return refuse("target-outside", dest)
		}
		if kind == markdown.Image {
			return ed.image(base, name, dest)
		}
		if anchor, ok := ed.files[norm.NFC.String(name)]; ok {
			return markdown.Target{URL: ed.online() + "#" + anchor}, nil
		}
		if ed.issue.Number == 0 && content.IsEntry(name) {
			return markdown.Target{URL: ed.online()}, nil // its neighbours are not known yet
		}
		return refuse("target-unknown", dest)
	}
}

func (ed *edition) image(base, name, dest string) (markdown.Target, *markdown.Finding) {
	asset, err := ed.assets.Image(name)
	switch {
	case errors.Is(err, ErrImageFormat):
		return refuse("image-format", dest)
	case errors.Is(err, ErrImageHidden):
		return refuse("image-hidden", dest)
	case errors.Is(err, fs.ErrNotExist):
		return refuse("image-missing", dest)
	case err != nil:
		return refuse("image-unreadable", dest)
	}
	public := url.URL{Path: asset.Path}
	return markdown.Target{URL: base + MediaPath + public.EscapedPath(), Width: asset.Width, Height: asset.Height}, nil
}

func refuse(id, dest string) (markdown.Target, *markdown.Finding) {
	return markdown.Target{}, &markdown.Finding{ID: id, Args: map[string]any{"URL": cut(dest, 80)}}
}
