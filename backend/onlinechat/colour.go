package onlinechat

import (
	"math"
	"strconv"
)

// validColour: #rrggbb in lower case, as an input of type colour gives it.
func validColour(c string) bool {
	if len(c) != 7 || c[0] != '#' {
		return false
	}
	for i := 1; i < 7; i++ {
		if d := c[i]; (d < '0' || d > '9') && (d < 'a' || d > 'f') {
			return false
		}
	}
	return true
}

// Contrast is that of two colours, 1 to 21 (WCAG 2, "contrast ratio"); 1 for what is
// no colour.
func Contrast(a, b string) float64 {
	if !validColour(a) || !validColour(b) {
		return 1
	}
	la, lb := luminance(a), luminance(b)
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

// luminance is relative: 0 for black, 1 for white.
func luminance(c string) float64 {
	n, _ := strconv.ParseUint(c[1:], 16, 32)
	linear := func(shift int) float64 {
		v := float64(n>>shift&0xff) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0)
}
