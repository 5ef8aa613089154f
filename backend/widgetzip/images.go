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

const maxImageBytes = 300 * 1024

var (
	dpLogo     = image.Pt(174, 109)
	tourSize   = image.Pt(1188, 616)
	imageTypes = map[string]string{".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif"}
)

// checkImages is Z04, Z09, I01, the APNG part of I02, and I03.
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
		format, ok := imageTypes[strings.ToLower(path.Ext(name))]
		if !ok {
			continue
		}
		raw := c.files[name]
		if len(raw) > maxImageBytes {
			c.add("Z09", Moderation, name, 0, "the picture has %d bytes, at most %d are allowed; compress it", len(raw), maxImageBytes)
		}
		size, logo := wanted[name]
		c.checkImage(name, format, raw, size, logo)
	}
	c.checkTourImages()
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
	if got == "png" && bytes.Contains(raw[:min(len(raw), 1<<16)], []byte("acTL")) {
		c.add("I02", Moderation, name, 0, "the picture is animated; use a still one")
	}
}

// checkTourImages is I03: each named picture exists and has its size.
func (c *checker) checkTourImages() {
	images := object(object(c.manifest, "tour"), "tour_images")
	for _, l := range c.locales() {
		for _, named := range texts(images, l) {
			name := strings.TrimPrefix(named, "/")
			raw, ok := c.files[name]
			if !ok {
				c.manifestAt("I03", Moderation, named, "the tour picture %s is not in the archive", named)
				continue
			}
			if about, _, err := image.DecodeConfig(bytes.NewReader(raw)); err == nil && image.Pt(about.Width, about.Height) != tourSize {
				c.add("I03", Moderation, name, 0, "the tour picture has %d×%d pixels; exactly %d×%d are needed", about.Width, about.Height, tourSize.X, tourSize.Y)
			}
		}
	}
}
