package qr

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"strings"
	"testing"

	goqr "github.com/piglig/go-qr"
)

const address = "https://chat.leadline.test/s/harbour-lamps-of-the-old-port"

// What is printed reads as the address, and has the quiet zone that scanners need.
func TestPNGReadsAsTheAddress(t *testing.T) {
	t.Parallel()
	raw, err := PNG(address)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	got, err := goqr.Decode(img)
	if err != nil || got != address {
		t.Errorf("the code reads %q, %v", got, err)
	}
	if b := img.Bounds(); b.Dx() != b.Dy() || b.Dx() < 500 {
		t.Errorf("the picture is %v", b)
	}
	for x := range img.Bounds().Dx() {
		for y := range border * pixels {
			if r, _, _, _ := img.At(x, y).RGBA(); r != 0xffff {
				t.Fatalf("no quiet zone at %d, %d", x, y)
			}
		}
	}
}

func TestSVGIsWhole(t *testing.T) {
	t.Parallel()
	raw, err := SVG(address)
	if err != nil {
		t.Fatal(err)
	}
	var svg struct {
		XMLName xml.Name
		ViewBox string `xml:"viewBox,attr"`
	}
	if err := xml.Unmarshal(raw, &svg); err != nil || svg.XMLName.Local != "svg" || svg.ViewBox == "" {
		t.Errorf("%+v, %v", svg, err)
	}
	if len(raw) > 8<<10 {
		t.Errorf("%d bytes", len(raw))
	}
}

func TestTooLong(t *testing.T) {
	t.Parallel()
	if _, err := SVG(strings.Repeat("x", 4000)); err == nil {
		t.Error("4000 bytes were taken")
	}
	if _, err := PNG(strings.Repeat("x", 4000)); err == nil {
		t.Error("4000 bytes were taken")
	}
}
