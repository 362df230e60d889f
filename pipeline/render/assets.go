package render

import (
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // formats that every mail client shows (H11)
	_ "image/jpeg" //
	_ "image/png"  //
	"io/fs"

	"github.com/infolettre/infolettre/pipeline/content"
)

// Asset is an image as the public site will serve it.
type Asset struct {
	Path          string // below MediaPath
	Width, Height int    // in pixels
}

// Assets finds the images that entries show.
type Assets interface {
	// Image describes the image at a slash-separated path below the content
	// root, in whichever normal form its name is stored. The error wraps
	// fs.ErrNotExist, ErrImageFormat or ErrImageHidden.
	Image(name string) (Asset, error)
}

// Errors of Image.
var (
	ErrImageFormat = errors.New("not a PNG, JPEG or GIF image by its name and its content") // which mail clients agree on
	ErrImageHidden = errors.New("hidden by its name or a folder's")                         // content.Public
)

// Files are the assets of a content tree.
type Files struct{ fsys fs.FS }

// NewAssets finds images below the root of fsys.
func NewAssets(fsys fs.FS) Files { return Files{fsys} }

// Image reads no more of the file than its header.
func (f Files) Image(name string) (Asset, error) {
	name = content.Find(f.fsys, name)
	file, _, err := content.Open(f.fsys, name)
	if err != nil {
		return Asset{}, err
	}
	defer file.Close()
	if !content.Public(name) {
		return Asset{}, fmt.Errorf("%s: %w", name, ErrImageHidden)
	}
	size, _, err := image.DecodeConfig(file)
	if _, served := Picture(name); err == nil && !served {
		err = errors.New("the name has another extension, or none")
	}
	if err != nil {
		return Asset{}, fmt.Errorf("%s: %w: %w", name, ErrImageFormat, err)
	}
	return Asset{Path: name, Width: size.Width, Height: size.Height}, nil
}
