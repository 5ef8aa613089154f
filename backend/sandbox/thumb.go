package sandbox

import (
	"bytes"
	"image"
	"image/color"
	_ "image/gif" // thumbnails of GIF
	"image/jpeg"  // and of JPEG
	_ "image/png" // and of PNG
)

const (
	thumbWidth, thumbHeight = 320, 200
	maxThumbPixels          = 40_000_000
)

// thumbnail makes the small JPEG of a picture, and a dark frame with a triangle
// for a video; nil for everything else and for pictures that it cannot read.
func thumbnail(kind string, data []byte) []byte {
	var small image.Image
	switch kind {
	case "video":
		small = videoFrame()
	case "picture":
		about, _, err := image.DecodeConfig(bytes.NewReader(data))
		if err != nil || about.Width*about.Height > maxThumbPixels {
			return nil
		}
		full, _, err := image.Decode(bytes.NewReader(data))
		if err != nil {
			return nil
		}
		small = shrink(full)
	default:
		return nil
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: 80}); err != nil {
		return nil
	}
	return out.Bytes()
}

// shrink fits a picture into 320x200; each pixel is the mean of a few of the
// area that it covers. Smaller pictures stay.
func shrink(src image.Image) image.Image {
	b := src.Bounds()
	scale := max(float64(b.Dx())/thumbWidth, float64(b.Dy())/thumbHeight, 1)
	w, h := max(int(float64(b.Dx())/scale), 1), max(int(float64(b.Dy())/scale), 1)
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	const samples = 3
	for y := range h {
		for x := range w {
			var r, g, bl uint32
			for i := range samples * samples {
				sx := b.Min.X + int((float64(x)+(float64(i%samples)+0.5)/samples)*scale)
				sy := b.Min.Y + int((float64(y)+(float64(i/samples)+0.5)/samples)*scale)
				cr, cg, cb, ca := src.At(min(sx, b.Max.X-1), min(sy, b.Max.Y-1)).RGBA()
				white := 0xffff - ca // behind what is transparent
				r, g, bl = r+(cr+white)>>8, g+(cg+white)>>8, bl+(cb+white)>>8
			}
			const n = samples * samples
			dst.SetRGBA(x, y, color.RGBA{uint8(r / n), uint8(g / n), uint8(bl / n), 255})
		}
	}
	return dst
}

func videoFrame() image.Image {
	dst := image.NewRGBA(image.Rect(0, 0, thumbWidth, thumbHeight))
	for y := range thumbHeight {
		for x := range thumbWidth {
			c := color.RGBA{40, 48, 58, 255}
			if dx, dy := x-thumbWidth/2+20, y-thumbHeight/2; dx >= 0 && dx <= 48 && abs(dy)*48 <= 30*(48-dx) {
				c = color.RGBA{235, 240, 245, 255}
			}
			dst.SetRGBA(x, y, c)
		}
	}
	return dst
}

func abs(n int) int { return max(n, -n) }
