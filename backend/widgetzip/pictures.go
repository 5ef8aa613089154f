package widgetzip

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
)

// isAnimatedPNG looks for the chunk acTL before the picture's data.
func isAnimatedPNG(raw []byte) bool {
	for at := 8; at+8 <= len(raw); {
		size := int(binary.BigEndian.Uint32(raw[at:]))
		switch string(raw[at+4 : at+8]) {
		case "acTL":
			return true
		case "IDAT", "IEND":
			return false
		}
		if size > len(raw) {
			return false
		}
		at += 12 + size
	}
	return false
}

// isAnimatedGIF counts image blocks without unpacking them.
func isAnimatedGIF(raw []byte) bool {
	if len(raw) < 13 {
		return false
	}
	at, frames := 13, 0
	if raw[10]&0x80 != 0 {
		at += 3 << (raw[10]&7 + 1)
	}
	skip := func() { // data sub-blocks up to the empty one
		for at < len(raw) && raw[at] != 0 {
			at += int(raw[at]) + 1
		}
		at++
	}
	for at < len(raw) {
		switch raw[at] {
		case 0x21:
			at += 2
			skip()
		case 0x2c:
			if frames++; frames > 1 {
				return true
			}
			if at+9 >= len(raw) {
				return false
			}
			table := raw[at+9]
			at += 10
			if table&0x80 != 0 {
				at += 3 << (table&7 + 1)
			}
			at++ // code size
			skip()
		default:
			return false
		}
	}
	return false
}

// checkSVG is I01 and I02 for vector pictures.
func (c *checker) checkSVG(name string, raw []byte) {
	if len(raw) > maxImageBytes {
		return // Z09 has said so
	}
	d := xml.NewDecoder(bytes.NewReader(raw))
	d.Strict = false
	root, tokens := "", 0
	for tokens = 0; tokens < 200_000; tokens++ {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			c.add("I01", Moderation, name, 0, "the content is not SVG (%v); save it anew", err)
			return
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		if root == "" {
			root = start.Name.Local
		}
		switch start.Name.Local {
		case "animate", "animateMotion", "animateTransform", "animateColor", "set":
			line, _ := d.InputPos()
			c.add("I02", Moderation, name, line, "the picture is animated by <%s>; use a still one", start.Name.Local)
			return
		}
	}
	if root != "svg" {
		c.add("I01", Moderation, name, 0, "the content is not SVG; save it anew")
		return
	}
	if at := bytes.Index(raw, []byte("@keyframes")); at >= 0 {
		c.add("I02", Moderation, name, lineAt(raw, at), "the picture is animated by styles; use a still one")
	}
}

// What Kommo wants of the main logo (W §2.3, I04).
const (
	logoMain       = "images/logo_main.png"
	logoMargin     = 10
	logoContrast   = 3.0
	visibleAlpha   = 0x8000 // of 0xffff
	nearColour     = 0x1000 // difference to the background that is not seen, of 0xffff
	contrastShare  = 0.5    // of what is visible, that must stand out
	marginOfErrors = 0.01   // of pixels, for soft edges
)

// backgrounds are those of Kommo's light and dark theme.
var backgrounds = []struct {
	name   string
	colour color.Color
}{
	{"#FFFFFF", color.RGBA{0xff, 0xff, 0xff, 0xff}},
	{"#153043", color.RGBA{0x15, 0x30, 0x43, 0xff}},
}

// checkLogoMain is I04: a free margin, and enough contrast on both themes. On a
// logo with a background of its own the margin is of that background, and the
// background counts as visible.
func (c *checker) checkLogoMain() {
	raw := c.files[logoMain]
	about, err := png.DecodeConfig(bytes.NewReader(raw))
	if err != nil || image.Pt(about.Width, about.Height) != logos[logoMain] {
		return // I01 has said so
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		c.add("I01", Refused, logoMain, 0, "the picture cannot be read (%v); save it anew", err)
		return
	}
	b := img.Bounds()
	ground := img.At(b.Min.X, b.Min.Y)
	outside, margin, visible := 0, 0, 0
	stands := make([]int, len(backgrounds))
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			at := img.At(x, y)
			if x-b.Min.X < logoMargin || b.Max.X-x <= logoMargin || y-b.Min.Y < logoMargin || b.Max.Y-y <= logoMargin {
				margin++
				if !similar(at, ground) {
					outside++
				}
			}
			if _, _, _, a := at.RGBA(); a < visibleAlpha {
				continue
			}
			visible++
			for i, back := range backgrounds {
				if contrast(at, back.colour) >= logoContrast {
					stands[i]++
				}
			}
		}
	}
	if float64(outside) > float64(margin)*marginOfErrors {
		c.add("I04", Moderation, logoMain, 0, "the logo comes closer than %d pixels to the edge; leave that much free on all sides", logoMargin)
	}
	for i, back := range backgrounds {
		if float64(stands[i]) < float64(visible)*contrastShare || visible == 0 {
			c.add("I04", Moderation, logoMain, 0, "most of the logo has a contrast below %.1f on %s; choose colours that stand out on both themes", logoContrast, back.name)
		}
	}
}

func similar(a, b color.Color) bool {
	ar, ag, ab, aa := a.RGBA()
	br, bg, bb, ba := b.RGBA()
	for _, d := range []float64{float64(ar) - float64(br), float64(ag) - float64(bg), float64(ab) - float64(bb), float64(aa) - float64(ba)} {
		if math.Abs(d) > nearColour {
			return false
		}
	}
	return true
}

// contrast is that of WCAG 2: (lighter + 0.05) / (darker + 0.05) of the relative
// luminances; a half transparent colour is taken as solid.
func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func luminance(c color.Color) float64 {
	n, _ := color.NRGBA64Model.Convert(c).(color.NRGBA64)
	linear := func(v uint16) float64 {
		f := float64(v) / 0xffff
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(n.R) + 0.7152*linear(n.G) + 0.0722*linear(n.B)
}
