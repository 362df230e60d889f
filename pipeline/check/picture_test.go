package check_test

import (
	"bytes"
	"image"
	"image/png"
)

// picture is a PNG so many pixels wide, at least so many bytes long.
func picture(width, size int) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, 10))); err != nil {
		panic(err)
	}
	b.Write(make([]byte, max(0, size-b.Len())))
	return b.Bytes()
}
