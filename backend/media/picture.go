package media

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

const (
	// maxPixels is the biggest picture that is decoded. Forty million are 160 MB
	// in memory; a few bytes of file may claim a thousand times that.
	maxPixels = 40_000_000
	// thumbPixels is the longer side of a thumbnail at most.
	thumbPixels = 640
	// thumbQuality is JPEG's; above it thumbnails only grow.
	thumbQuality = 80
)

// errPixels tells of a picture that is too big to decode.
var errPixels = errors.New("too many pixels")

// errNoThumb tells of a sound picture that we cannot make smaller.
var errNoThumb = errors.New("no decoder for this form of picture")

// decoders are those of the types that count as pictures. Named here instead of
// registered, so that the type found by detect and the decoder always agree.
var decoders = map[string]struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error) // the first frame
}{
	"image/jpeg": {jpeg.DecodeConfig, jpeg.Decode},
	"image/png":  {png.DecodeConfig, png.Decode},
	"image/gif":  {gif.DecodeConfig, gif.Decode},
	"image/webp": {webp.DecodeConfig, webp.Decode},
}

// decoding bounds how many pictures of the whole process are in memory at once.
var decoding = make(chan struct{}, runtime.GOMAXPROCS(0))

// Thumb is a thumbnail, ready to be stored. It carries the pixels alone: no
// position, no camera, no profile of the original.
type Thumb struct {
	Data          []byte
	Type          string // image/jpeg or image/png
	Width, Height int    // pixels
}

func (t *Thumb) reader() io.Reader { return bytes.NewReader(t.Data) }

// dimensions reads a picture's size as a person sees it: turned by its EXIF
// orientation. The pixels are not decoded.
func dimensions(r io.ReaderAt, size int64, typ string) (width, height int, err error) {
	d, ok := decoders[typ]
	if !ok {
		return 0, 0, errNoThumb
	}
	defer calm(&err)
	c, err := d.config(buffered(r, size))
	if err != nil {
		return 0, 0, fmt.Errorf("read picture's size: %w", err)
	}
	if c.Width <= 0 || c.Height <= 0 {
		return 0, 0, errors.New("read picture's size: it has none")
	}
	if int64(c.Width)*int64(c.Height) > maxPixels {
		return 0, 0, errPixels
	}
	if orientation(r, size, typ) >= 5 {
		c.Width, c.Height = c.Height, c.Width
	}
	return c.Width, c.Height, nil
}

// thumbnail makes a picture small: at most so many pixels a side, upright, never
// bigger than the original. It waits for its turn while others decode. nil
// without an error means a good picture of a form that we cannot decode.
func thumbnail(ctx context.Context, r io.ReaderAt, size int64, typ string, most int) (thumb *Thumb, err error) {
	if _, _, err := dimensions(r, size, typ); err != nil {
		return nil, err
	}
	if typ == "image/webp" && animatedWebP(r, size) {
		return nil, nil
	}
	select {
	case decoding <- struct{}{}:
		defer func() { <-decoding }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer calm(&err)
	src, err := decoders[typ].decode(buffered(r, size))
	if err != nil {
		return nil, fmt.Errorf("decode picture: %w", err)
	}
	small := turn(shrink(src, most), orientation(r, size, typ))
	var b bytes.Buffer
	t := &Thumb{Type: "image/jpeg", Width: small.Rect.Dx(), Height: small.Rect.Dy()}
	if small.Opaque() {
		err = jpeg.Encode(&b, small, &jpeg.Options{Quality: thumbQuality})
	} else {
		t.Type = "image/png"
		err = png.Encode(&b, small)
	}
	if err != nil {
		return nil, fmt.Errorf("encode thumbnail: %w", err)
	}
	t.Data = b.Bytes()
	return t, nil
}

func buffered(r io.ReaderAt, size int64) io.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(r, 0, size), 64<<10)
}

// calm turns a decoder's panic into an error: files come from strangers, and a
// worker that panics ends the process.
func calm(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("decode picture: panic: %v", p)
	}
}

// shrink scales a picture down. A good filter on a big picture takes a quarter
// of a second, so a cheap one goes first, down to four times the target.
func shrink(src image.Image, most int) *image.NRGBA {
	b := src.Bounds()
	if w, h := fit(b.Dx(), b.Dy(), 4*most); w < b.Dx() || h < b.Dy() {
		mid := image.NewRGBA(image.Rect(0, 0, w, h))
		draw.ApproxBiLinear.Scale(mid, mid.Rect, src, b, draw.Src, nil)
		src, b = mid, mid.Rect
	}
	w, h := fit(b.Dx(), b.Dy(), most)
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(small, small.Rect, src, b, draw.Src, nil)
	out := image.NewNRGBA(small.Rect)
	draw.Draw(out, out.Rect, small, image.Point{}, draw.Src)
	return out
}

// fit gives the size with the same proportions and no side over most, at least
// one pixel each.
func fit(w, h, most int) (int, int) {
	if longest := max(w, h); longest > most {
		w, h = (w*most+longest/2)/longest, (h*most+longest/2)/longest
	}
	return max(w, 1), max(h, 1)
}

// turn puts a picture upright; o is EXIF's orientation, 1 to 8.
func turn(src *image.NRGBA, o int) *image.NRGBA {
	if o <= 1 || o > 8 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	dw, dh := w, h
	if o >= 5 {
		dw, dh = h, w
	}
	dst := image.NewNRGBA(image.Rect(0, 0, dw, dh))
	for y := range dh {
		for x := range dw {
			var c color.NRGBA
			switch o {
			case 2: // mirrored
				c = src.NRGBAAt(w-1-x, y)
			case 3: // upside down
				c = src.NRGBAAt(w-1-x, h-1-y)
			case 4: // upside down, mirrored
				c = src.NRGBAAt(x, h-1-y)
			case 5: // mirrored, then a quarter back
				c = src.NRGBAAt(y, x)
			case 6: // to be turned a quarter clockwise
				c = src.NRGBAAt(y, h-1-x)
			case 7: // mirrored, then a quarter clockwise
				c = src.NRGBAAt(w-1-y, h-1-x)
			case 8: // to be turned a quarter back
				c = src.NRGBAAt(w-1-y, x)
			}
			dst.SetNRGBA(x, y, c)
		}
	}
	return dst
}
