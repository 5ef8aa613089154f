package media

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func samples(f *testing.F) [][]byte {
	f.Helper()
	list, err := filepath.Glob("testdata/*.*")
	if err != nil || len(list) < 20 {
		f.Fatalf("%d samples, %v", len(list), err)
	}
	var all [][]byte
	for _, p := range list {
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

// FuzzInspect: whatever comes, the answer is an error or a file within the rules.
func FuzzInspect(f *testing.F) {
	for _, b := range samples(f) {
		f.Add(b, "a.jpg")
	}
	f.Fuzz(func(t *testing.T, b []byte, name string) {
		got, err := Inspect(bytes.NewReader(b), int64(len(b)), Incoming{Name: name}, DefaultLimits())
		if err != nil {
			return
		}
		if _, listed := formats[got.Type]; !listed {
			t.Fatalf("a visitor's file of type %q was taken", got.Type)
		}
		if got.Duration < 0 || got.Duration > 48*time.Hour {
			t.Fatalf("duration = %v", got.Duration)
		}
		if got.Kind == Picture && (got.Width <= 0 || got.Height <= 0 || int64(got.Width)*int64(got.Height) > 40_000_000) {
			t.Fatalf("a picture of %d x %d", got.Width, got.Height)
		}
		// What one look says, the parsers alone must survive on any content.
		for _, typ := range []string{"audio/ogg", "audio/wav", "audio/mpeg", "audio/mp4", "audio/webm"} {
			_ = duration(bytes.NewReader(b), int64(len(b)), typ)
		}
	})
}

// FuzzThumbnail: decoders and the EXIF reader survive any content.
func FuzzThumbnail(f *testing.F) {
	for _, b := range samples(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		for typ := range decoders {
			if o := orientation(bytes.NewReader(b), int64(len(b)), typ); o < 1 || o > 8 {
				t.Fatalf("orientation = %d", o)
			}
			w, h, err := dimensions(bytes.NewReader(b), int64(len(b)), typ)
			if err != nil || w*h > 1<<20 {
				continue // big ones only slow the search down
			}
			got, err := thumbnail(t.Context(), bytes.NewReader(b), int64(len(b)), typ, thumbPixels)
			if err != nil || got == nil {
				continue
			}
			if got.Width > 640 || got.Height > 640 || got.Width < 1 || got.Height < 1 || len(got.Data) == 0 {
				t.Fatalf("thumbnail of %d x %d, %d bytes", got.Width, got.Height, len(got.Data))
			}
		}
	})
}
