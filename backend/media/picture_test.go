package media

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
)

func thumb(t *testing.T, file, typ string) (*Thumb, image.Image) {
	t.Helper()
	b := sample(t, file)
	got, err := thumbnail(t.Context(), bytes.NewReader(b), int64(len(b)), typ, thumbPixels)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	decode := jpeg.Decode
	if got.Type == "image/png" {
		decode = png.Decode
	}
	img, err := decode(bytes.NewReader(got.Data))
	if err != nil {
		t.Fatalf("%s: the thumbnail is no %s: %v", file, got.Type, err)
	}
	if b := img.Bounds(); b.Dx() != got.Width || b.Dy() != got.Height {
		t.Errorf("%s: the thumbnail is %v but says %d x %d", file, b, got.Width, got.Height)
	}
	return got, img
}

// like tells whether a colour is near enough after JPEG.
func like(got color.Color, want color.NRGBA) bool {
	g := color.NRGBAModel.Convert(got).(color.NRGBA)
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) < 40 }
	return near(g.R, want.R) && near(g.G, want.G) && near(g.B, want.B) && near(g.A, want.A)
}

// The samples show the same picture, stored as each of EXIF's orientations asks
// for: red and green above, blue and white below.
func TestThumbnailsAreUpright(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ file, typ string }{
		{"turned1.jpg", "image/jpeg"}, {"turned2.jpg", "image/jpeg"}, {"turned3.jpg", "image/jpeg"}, {"turned4.jpg", "image/jpeg"},
		{"turned5.jpg", "image/jpeg"}, {"turned6.jpg", "image/jpeg"}, {"turned7.jpg", "image/jpeg"}, {"turned8.jpg", "image/jpeg"},
		{"progressive.jpg", "image/jpeg"}, {"turned6.png", "image/png"}, {"turned6.webp", "image/webp"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			b := sample(t, tt.file)
			w, h, err := dimensions(bytes.NewReader(b), int64(len(b)), tt.typ)
			if err != nil || w != 48 || h != 32 {
				t.Errorf("dimensions = %d x %d, %v; a person sees 48 x 32", w, h, err)
			}
			got, img := thumb(t, tt.file, tt.typ)
			if got.Width != 48 || got.Height != 32 {
				t.Errorf("thumbnail is %d x %d, want 48 x 32", got.Width, got.Height)
			}
			for corner, want := range map[image.Point]color.NRGBA{
				{X: 8, Y: 6}: {255, 0, 0, 255}, {X: 40, Y: 6}: {0, 255, 0, 255},
				{X: 8, Y: 26}: {0, 0, 255, 255}, {X: 40, Y: 26}: {255, 255, 255, 255},
			} {
				if c := img.At(corner.X, corner.Y); !like(c, want) {
					t.Errorf("at %v is %v, want %v", corner, c, want)
				}
			}
		})
	}
}

func TestThumbnailsCarryNoMetadata(t *testing.T) {
	t.Parallel()
	const maker = "A camera maker"
	if !bytes.Contains(sample(t, "turned6.jpg"), []byte(maker)) {
		t.Fatal("the sample has no metadata: this test looks at nothing")
	}
	got, _ := thumb(t, "turned6.jpg", "image/jpeg")
	for _, trace := range []string{maker, "Exif", "GPS", "http://ns.adobe.com", "ICC_PROFILE"} {
		if bytes.Contains(got.Data, []byte(trace)) {
			t.Errorf("the thumbnail holds %q", trace)
		}
	}
}

func TestThumbnailsAreSmallAndKeepTheirShape(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file, typ string
		want            string
		w, h            int
	}{
		{"a big one shrinks", "wide.jpg", "image/jpeg", "image/jpeg", 640, 160},
		{"a small one does not grow", "small.gif", "image/gif", "", 40, 20},
		{"a see-through one stays so", "glass.png", "image/png", "image/png", 40, 20},
		{"also from WebP", "glass.webp", "image/webp", "image/png", 40, 20},
		{"the first frame of a moving GIF", "moving.gif", "image/gif", "image/jpeg", 30, 10},
		{"the first frame of a moving PNG", "moving.png", "image/png", "image/jpeg", 30, 10},
		{"inks", "cmyk.jpg", "image/jpeg", "image/jpeg", 20, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, img := thumb(t, tt.file, tt.typ)
			if got.Width != tt.w || got.Height != tt.h || (tt.want != "" && got.Type != tt.want) {
				t.Errorf("got %s of %d x %d, want %s of %d x %d", got.Type, got.Width, got.Height, tt.want, tt.w, tt.h)
			}
			if tt.want == "image/png" {
				if _, _, _, a := img.At(35, 10).RGBA(); a != 0 {
					t.Errorf("the right half is not see-through: alpha %d", a)
				}
				if c := img.At(5, 10); !like(c, color.NRGBA{0, 255, 0, 255}) {
					t.Errorf("the left half is %v, want green", c)
				}
			}
		})
	}
}

func TestAPictureInAFormThatWeCannotDecodeHasNoThumbnail(t *testing.T) {
	t.Parallel()
	b := sample(t, "moving.webp")
	got, err := thumbnail(t.Context(), bytes.NewReader(b), int64(len(b)), "image/webp", thumbPixels)
	if got != nil || err != nil {
		t.Errorf("thumbnail = %v, %v; want none and no error", got, err)
	}
	if w, h, err := dimensions(bytes.NewReader(b), int64(len(b)), "image/webp"); err != nil || w != 30 || h != 10 {
		t.Errorf("dimensions = %d x %d, %v; want 30 x 10", w, h, err)
	}
}

func TestABombIsNotDecoded(t *testing.T) {
	t.Parallel()
	b := pngOf(60_000, 60_000)
	if _, err := thumbnail(t.Context(), bytes.NewReader(b), int64(len(b)), "image/png", thumbPixels); !errors.Is(err, errPixels) {
		t.Errorf("thumbnail = %v, want %v", err, errPixels)
	}
}

func TestADamagedPictureIsAnError(t *testing.T) {
	t.Parallel()
	b := sample(t, "wide.jpg")
	b = b[:len(b)/2]
	if got, err := thumbnail(t.Context(), bytes.NewReader(b), int64(len(b)), "image/jpeg", thumbPixels); err == nil {
		t.Errorf("thumbnail of half a file = %v, want an error", got)
	}
}

// Not parallel: it takes all the places of decoding.
func TestThumbnailsWaitForTheirTurn(t *testing.T) {
	for range cap(decoding) {
		decoding <- struct{}{}
	}
	b := sample(t, "glass.png")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := thumbnail(ctx, bytes.NewReader(b), int64(len(b)), "image/png", thumbPixels); !errors.Is(err, context.Canceled) {
		t.Errorf("thumbnail without a place = %v, want it to wait until its context ends", err)
	}
	for range cap(decoding) {
		<-decoding
	}
	if _, err := thumbnail(t.Context(), bytes.NewReader(b), int64(len(b)), "image/png", thumbPixels); err != nil {
		t.Errorf("thumbnail with a place: %v", err)
	}
	if len(decoding) != 0 {
		t.Errorf("%d places are still taken", len(decoding))
	}
}
