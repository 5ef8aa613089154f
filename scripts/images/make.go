//go:build ignore

// Draws the pictures of widget/images/ from art.html with Chromium.
package main

import (
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"log"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
)

// sizes are those that the marketplace asks for.
var sizes = map[string]image.Point{
	"logo": {X: 130, Y: 100}, "logo_main": {X: 400, Y: 272}, "logo_small": {X: 108, Y: 108},
	"logo_medium": {X: 240, Y: 84}, "logo_min": {X: 84, Y: 84},
}

// maxBytes is the marketplace's limit for one picture.
const maxBytes = 300_000

func main() {
	log.SetFlags(0)
	for name, size := range sizes {
		must(shoot(name, "", size))
	}
	for _, lang := range []string{"ru", "en", "es", "pt"} {
		for _, name := range []string{"tour_1", "tour_2", "tour_3"} {
			must(shoot(name, lang, image.Pt(1188, 616)))
		}
	}
}

// shoot takes a picture of a larger window and cuts it: windows have a least size.
func shoot(name, lang string, size image.Point) error {
	dir, err := os.MkdirTemp("", "images")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	page, err := filepath.Abs("art.html")
	if err != nil {
		return err
	}
	file := name
	if lang != "" {
		file += "_" + lang
	}
	shot := filepath.Join(dir, "shot.png")
	address := (&url.URL{Scheme: "file", Path: page, RawQuery: url.Values{"name": {name}, "lang": {lang}}.Encode()}).String()
	cmd := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--window-size=1300,900", "--default-background-color=00000000", "--screenshot="+shot, address)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("chromium: %w: %s", err, out)
	}
	raw, err := os.Open(shot)
	if err != nil {
		return err
	}
	defer raw.Close()
	whole, err := png.Decode(raw)
	if err != nil {
		return err
	}
	cut := image.NewNRGBA(image.Rectangle{Max: size})
	draw.Draw(cut, cut.Bounds(), whole, image.Point{}, draw.Src)
	to := filepath.Join("..", "..", "widget", "images", file+".png")
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	e := png.Encoder{CompressionLevel: png.BestCompression}
	if err := e.Encode(out, cut); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	about, err := os.Stat(to)
	if err != nil {
		return err
	}
	if about.Size() > maxBytes {
		return fmt.Errorf("%s has %d bytes, at most %d", to, about.Size(), maxBytes)
	}
	fmt.Println(to, about.Size())
	return nil
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
