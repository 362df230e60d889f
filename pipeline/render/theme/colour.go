package theme

import (
	"fmt"
	"math"
	"strconv"
)

// minContrast is WCAG 2.2's level AA for text of ordinary size (SC 1.4.3).
const minContrast = 4.5

// rgb is a colour as mail clients understand it everywhere: six hex digits.
type rgb struct{ r, g, b uint8 }

// parseColour reads six hexadecimal digits after #.
func parseColour(s string) (c rgb, ok bool) {
	if len(s) != 7 || s[0] != '#' {
		return rgb{}, false
	}
	n, err := strconv.ParseUint(s[1:], 16, 24)
	return rgb{uint8(n >> 16), uint8(n >> 8), uint8(n)}, err == nil
}

func (c rgb) String() string { return fmt.Sprintf("#%02X%02X%02X", c.r, c.g, c.b) }

// luminance is WCAG's relative luminance, from 0 (black) to 1 (white).
func (c rgb) luminance() float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

// contrast is WCAG's ratio, from 1 to 21.
func contrast(a, b rgb) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// towards mixes c with end, a hundredth at a time, until it stands out
// against on by ratio; end itself when nothing less does.
func (c rgb) towards(end, on rgb, ratio float64) rgb {
	for part := range 100 {
		mixed := c.mix(end, float64(part)/100)
		if contrast(mixed, on) >= ratio {
			return mixed
		}
	}
	return end
}

// bright is the same hue as light as it goes, short of a glare. Black has no
// hue, and becomes grey.
func (c rgb) bright() rgb {
	const most = 0xE6
	top := max(c.r, c.g, c.b)
	if top == 0 {
		return rgb{most, most, most}
	}
	channel := func(v uint8) uint8 { return uint8(int(v) * most / int(top)) }
	return rgb{channel(c.r), channel(c.g), channel(c.b)}
}

func (c rgb) mix(other rgb, part float64) rgb {
	channel := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-part) + float64(b)*part)) }
	return rgb{channel(c.r, other.r), channel(c.g, other.g), channel(c.b, other.b)}
}
