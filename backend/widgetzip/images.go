package widgetzip

import (
	"bytes"
	"image"
	_ "image/gif"  // the marketplace takes these formats too
	_ "image/jpeg" // for pictures other than logos
	_ "image/png"
	"path"
	"strings"
)

// logos are the pictures of every widget with their exact pixels (W §2.3).
var logos = map[string]image.Point{
	"images/logo.png": {X: 130, Y: 100}, "images/logo_main.png": {X: 400, Y: 272}, "images/logo_small.png": {X: 108, Y: 108},
	"images/logo_medium.png": {X: 240, Y: 84}, "images/logo_min.png": {X: 84, Y: 84},
}

// Bounds of pictures (W §2.3, Z09).
const (
	maxImageBytes  = 300 * 1024
	nearImageBytes = 300_000
	maxSlides      = 5
)

var (
	dpLogo      = image.Pt(174, 109)
	tourSize    = image.Pt(1188, 616)
	otherImages = map[string]bool{".webp": true, ".bmp": true, ".tif": true, ".tiff": true, ".ico": true, ".avif": true, ".heic": true, ".apng": true}
	imageTypes  = map[string]string{".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif"}
)

// checkImages is Z04, Z09 and W §9.2.
func (c *checker) checkImages() {
	wanted := map[string]image.Point{}
	for name, size := range logos {
		wanted[name] = size
	}
	if c.hasLocation("digital_pipeline") {
		wanted["images/logo_dp.png"] = dpLogo
	}
	for name, size := range wanted {
		if _, ok := c.files[name]; !ok {
			c.add("Z04", Refused, name, 0, "the logo is missing; add a PNG of %d×%d pixels", size.X, size.Y)
		}
	}
	for _, name := range c.names() {
		ext := strings.ToLower(path.Ext(name))
		raw := c.files[name]
		format, ok := imageTypes[ext]
		if ok || ext == ".svg" {
			switch {
			case len(raw) > maxImageBytes:
				c.add("Z09", Moderation, name, 0, "the picture has %d bytes, at most %d are allowed; compress it", len(raw), maxImageBytes)
			case len(raw) > nearImageBytes:
				c.add("Z09", Advice, name, 0, "the picture has %d bytes, close to the limit of %d; compress it", len(raw), maxImageBytes)
			}
		}
		switch {
		case ok:
			size, logo := wanted[name]
			c.checkImage(name, format, raw, size, logo)
		case ext == ".svg":
			c.checkSVG(name, raw)
		case otherImages[ext]:
			c.add("I01", Moderation, name, 0, "pictures of the format %s are not taken; save it as PNG or JPEG", ext)
		}
	}
	c.checkTourImages()
	if c.platform == Kommo {
		c.checkLogoMain()
	}
}

func (c *checker) checkImage(name, format string, raw []byte, size image.Point, logo bool) {
	// A logo of another format is refused by Kommo and a reason for review elsewhere.
	severity := Moderation
	if logo && c.platform == Kommo {
		severity = Refused
	}
	about, got, err := image.DecodeConfig(bytes.NewReader(raw))
	switch {
	case err != nil || got != format:
		c.add("I01", severity, name, 0, "the content is not %s; save it anew in the format of its name", format)
		return
	case logo && (about.Width != size.X || about.Height != size.Y):
		c.add("I01", severity, name, 0, "the picture has %d×%d pixels; exactly %d×%d are needed", about.Width, about.Height, size.X, size.Y)
	}
	if got == "png" && isAnimatedPNG(raw) || got == "gif" && isAnimatedGIF(raw) {
		c.add("I02", Moderation, name, 0, "the picture is animated; use a still one")
	}
}

// checkTourImages is I03 and I05: each named picture exists and has its size, and
// was made for its language.
func (c *checker) checkTourImages() {
	images := object(object(c.manifest, "tour"), "tour_images")
	shownIn := map[string]string{} // content → language
	isLogo := map[string]bool{}
	for name := range logos {
		if raw, ok := c.files[name]; ok {
			isLogo[string(raw)] = true
		}
	}
	for _, l := range c.locales() {
		named := texts(images, l)
		if len(named) > maxSlides {
			c.manifestAt("I03", Moderation, "tour_images", "tour_images.%s has %d pictures; 1 to %d are taken", l, len(named), maxSlides)
			named = named[:maxSlides]
		}
		for _, address := range named {
			name := strings.TrimPrefix(address, "/")
			raw, ok := c.files[name]
			if !ok {
				c.manifestAt("I03", Moderation, address, "the tour picture %s is not in the archive", address)
				continue
			}
			if about, _, err := image.DecodeConfig(bytes.NewReader(raw)); err == nil && image.Pt(about.Width, about.Height) != tourSize {
				c.add("I03", Moderation, name, 0, "the tour picture has %d×%d pixels; exactly %d×%d are needed", about.Width, about.Height, tourSize.X, tourSize.Y)
			}
			if _, ok := imageTypes[strings.ToLower(path.Ext(name))]; !ok {
				c.add("I03", Moderation, name, 0, "a tour picture is a PNG or a JPEG")
			}
			if isLogo[string(raw)] {
				c.add("I05", Advice, name, 0, "a logo stands among the tour pictures; show what the widget does")
			}
			if other := shownIn[string(raw)]; other != "" && other != l {
				c.add("I05", Advice, name, 0, "the same picture is shown in %q and %q; texts in it must be in each language", other, l)
			}
			shownIn[string(raw)] = l
		}
	}
}
