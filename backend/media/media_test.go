package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"leadline/backend/fault"
)

func service(t *testing.T) (*Service, *Folder) {
	t.Helper()
	f := folder(t)
	return &Service{Store: f, Limits: DefaultLimits()}, f
}

// blobs counts what lies in the folder.
func blobs(t *testing.T, f *Folder) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(f.root.Name(), func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func stored(t *testing.T, s Store, key Key) []byte {
	t.Helper()
	b, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	all, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAcceptStoresAPictureAndItsThumbnail(t *testing.T) {
	t.Parallel()
	s, f := service(t)
	content := sample(t, "wide.jpg")
	item, err := s.Accept(t.Context(), bytes.NewReader(content), Incoming{Name: "../Wide.png"})
	if err != nil {
		t.Fatal(err)
	}
	if item.Kind != Picture || item.Type != "image/jpeg" || item.Name != "Wide.jpg" || item.Width != 2000 || item.Height != 500 || item.Size != int64(len(content)) {
		t.Errorf("item = %+v", item.Info)
	}
	if got := stored(t, f, item.Key); !bytes.Equal(got, content) {
		t.Error("the original came back different")
	}
	if item.Thumb == nil || item.Thumb.Width != 640 || item.Thumb.Height != 160 || item.Thumb.Type != "image/jpeg" {
		t.Fatalf("thumbnail = %+v", item.Thumb)
	}
	if got := stored(t, f, item.Thumb.Key); int64(len(got)) != item.Thumb.Size {
		t.Errorf("the thumbnail has %d bytes, want %d", len(got), item.Thumb.Size)
	}
	if err := s.Discard(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	if n := blobs(t, f); n != 0 {
		t.Errorf("%d blobs are left after Discard", n)
	}
}

func TestAcceptMakesThumbnailsOfPicturesAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file string
		in   Incoming
		kind Kind
		want bool
	}{
		{"glass.webp", Incoming{Wish: Sticker}, Sticker, true},
		{"glass.png", Incoming{Wish: File}, File, false},
		{"moving.webp", Incoming{}, Picture, false},
		{"recorded.webm", Incoming{Wish: Voice}, Voice, false},
		{"film.mp4", Incoming{}, Video, false},
	} {
		s, f := service(t)
		item, err := s.Accept(t.Context(), bytes.NewReader(sample(t, tt.file)), tt.in)
		if err != nil || item.Kind != tt.kind || (item.Thumb != nil) != tt.want {
			t.Errorf("%s: %s, thumbnail %v, %v; want %s, %v", tt.file, item.Kind, item.Thumb, err, tt.kind, tt.want)
		}
		if want := map[bool]int{false: 1, true: 2}[tt.want]; blobs(t, f) != want {
			t.Errorf("%s: %d blobs, want %d", tt.file, blobs(t, f), want)
		}
	}
}

func TestAcceptStoresNothingWhenItFails(t *testing.T) {
	t.Parallel()
	away := errors.New("the visitor went away")
	half := sample(t, "wide.jpg")
	half = half[:len(half)/2]
	for _, tt := range []struct {
		name string
		r    io.Reader
		code string
		err  error
	}{
		{"nothing in it", strings.NewReader(""), "file_empty", nil},
		{"a page", strings.NewReader("<html>"), "file_type_refused", nil},
		{"half a picture", bytes.NewReader(half), "file_broken", nil},
		{"a reader that breaks off", io.MultiReader(strings.NewReader("%PDF-1.7"), iotest.ErrReader(away)), "", away},
	} {
		s, f := service(t)
		_, err := s.Accept(t.Context(), tt.r, Incoming{Name: "a.jpg"})
		if fault.CodeOf(err) != tt.code || (tt.err != nil && !errors.Is(err, tt.err)) {
			t.Errorf("%s: %v, want %q %v", tt.name, err, tt.code, tt.err)
		}
		if n := blobs(t, f); n != 0 {
			t.Errorf("%s: %d blobs are left", tt.name, n)
		}
	}
	s, f := service(t)
	item, err := s.Accept(t.Context(), bytes.NewReader(half), Incoming{AnyType: true})
	if err != nil || item.Kind != Picture || item.Thumb != nil || blobs(t, f) != 1 {
		t.Errorf("half a picture of an operator: %+v, %v; want it kept without a thumbnail", item, err)
	}
}

// endless gives a head, then zeros, and counts.
type endless struct {
	head io.Reader
	read int64
}

func (e *endless) Read(p []byte) (int, error) {
	n, err := e.head.Read(p)
	if err != nil {
		clear(p)
		n = len(p)
	}
	e.read += int64(n)
	return n, nil
}

func TestAcceptStopsReadingAtTheLargestLimit(t *testing.T) {
	t.Parallel()
	s, f := service(t)
	s.Limits = Limits{PictureBytes: 1 << 20, VideoBytes: 3 << 20, AudioBytes: 2 << 20, FileBytes: 2 << 20, Types: VisitorTypes()}
	for file, want := range map[string]int64{"glass.png": 1, "film.mp4": 3, "opus.ogg": 2} {
		r := &endless{head: bytes.NewReader(sample(t, file))}
		_, err := s.Accept(t.Context(), r, Incoming{})
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Code != "file_too_large" || f.Args["Max"] != want {
			t.Errorf("%s without end: %v, want file_too_large with Max %d", file, err, want)
		}
		if r.read > 3<<20+64<<10 {
			t.Errorf("%s: %d bytes were read, want little more than the largest limit", file, r.read)
		}
	}
	if n := blobs(t, f); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
}

// failingStore fails from its n-th Put on.
type failingStore struct {
	Store
	puts int
}

func (s *failingStore) Put(ctx context.Context, key Key, r io.Reader, size int64) error {
	if s.puts--; s.puts < 0 {
		return unavailable("store blob", errors.New("disk full"))
	}
	return s.Store.Put(ctx, key, r, size)
}

func TestAcceptTakesTheOriginalBackWhenTheThumbnailCannotBeStored(t *testing.T) {
	t.Parallel()
	for puts := range 2 {
		s, f := service(t)
		s.Store = &failingStore{Store: f, puts: puts}
		_, err := s.Accept(t.Context(), bytes.NewReader(sample(t, "glass.png")), Incoming{})
		if !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "storage_unavailable" {
			t.Errorf("after %d puts: %v, want storage_unavailable", puts, err)
		}
		if n := blobs(t, f); n != 0 {
			t.Errorf("after %d puts: %d blobs are left", puts, n)
		}
	}
}

func TestImportFetchesAndAccepts(t *testing.T) {
	t.Parallel()
	picture := sample(t, "turned6.jpg")
	n := serving(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/attachments/some/path/15.jpg":
			w.Header().Set("Content-Type", "text/html") // what they claim counts for nothing
			_, _ = w.Write(picture)
		case "/page.jpg":
			fmt.Fprint(w, "<html><script>alert(1)</script></html>")
		case "/cut.jpg":
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write(picture[:100])
		case "/endless":
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			_, _ = io.Copy(w, io.LimitReader(&endless{head: bytes.NewReader(picture)}, 5<<20))
		}
	})
	s, f := service(t)
	s.Limits.PictureBytes, s.Limits.FileBytes, s.Limits.VideoBytes, s.Limits.AudioBytes = 1<<20, 1<<20, 1<<20, 1<<20
	s.Fetcher = n.fetcher(nil)

	item, err := s.Import(t.Context(), "https://example.com/attachments/some/path/15.jpg", Incoming{AnyType: true})
	if err != nil || item.Kind != Picture || item.Name != "15.jpg" || item.Width != 48 || item.Height != 32 {
		t.Errorf("picture: %+v, %v", item.Info, err)
	}
	if item, err = s.Import(t.Context(), "https://example.com/attachments/some/path/15.jpg", Incoming{Name: "cat.jpg"}); err != nil || item.Name != "cat.jpg" {
		t.Errorf("with a name: %q, %v", item.Name, err)
	}
	if item, err = s.Import(t.Context(), "https://example.com/page.jpg", Incoming{AnyType: true}); err != nil || item.Kind != File || item.Type != "text/html" || item.Name != "page.html" {
		t.Errorf("page: %+v, %v; want a file to save", item.Info, err)
	}
	before := blobs(t, f)
	for address, want := range map[string]Reason{
		"https://example.com/cut.jpg":  Unreachable,
		"https://example.com/endless":  TooLarge,
		"https://192.168.0.1/x.jpg":    RefusedAddress,
		"http://example.com/plain.jpg": RefusedAddress,
	} {
		_, err := s.Import(t.Context(), address, Incoming{AnyType: true})
		reason(t, err, want)
	}
	if after := blobs(t, f); after != before {
		t.Errorf("%d blobs were stored by imports that failed", after-before)
	}
}

func TestAcceptEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s, f := service(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	for _, file := range []string{"glass.png", "opus.ogg"} {
		if _, err := s.Accept(ctx, bytes.NewReader(sample(t, file)), Incoming{AnyType: true}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want the context's error", file, err)
		}
	}
	if n := blobs(t, f); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
}

// TestForAvatars: of a person's picture only a small copy is kept, and nothing of
// anything else.
func TestForAvatars(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file, typ     string
		width, height int
		code          string // of the refusal
	}{
		{"wide.jpg", "image/jpeg", 96, 24, ""},
		{"turned6.webp", "image/jpeg", 0, 0, ""},
		{"glass.png", "image/png", 0, 0, ""},
		{"small.gif", "", 0, 0, ""},
		{"moving.webp", "", 0, 0, "file_type_refused"}, // no decoder for its frames
		{"film.mp4", "", 0, 0, "file_type_refused"},
		{"opus.ogg", "", 0, 0, "file_type_refused"},
	} {
		s, f := service(t)
		item, err := s.ForAvatars().Accept(t.Context(), bytes.NewReader(sample(t, tt.file)), Incoming{})
		if fault.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %q", tt.file, err, tt.code)
		}
		if err != nil {
			if n := blobs(t, f); n != 0 {
				t.Errorf("%s: %d blobs stay", tt.file, n)
			}
			continue
		}
		if item.Thumb != nil || item.Width > 96 || item.Height > 96 || tt.width != 0 && (item.Width != tt.width || item.Height != tt.height) || tt.typ != "" && item.Type != tt.typ {
			t.Errorf("%s: %+v, thumbnail %v", tt.file, item.Info, item.Thumb)
		}
		got := stored(t, f, item.Key)
		if w, h, err := dimensions(bytes.NewReader(got), int64(len(got)), item.Type); err != nil || w != item.Width || h != item.Height || int64(len(got)) != item.Size {
			t.Errorf("%s: stored %dx%d of %d bytes (%v), told %+v", tt.file, w, h, len(got), err, item.Info)
		}
		if n := blobs(t, f); n != 1 {
			t.Errorf("%s: %d blobs", tt.file, n)
		}
	}
	s, f := service(t)
	big := append(sample(t, "small.gif"), make([]byte, 2<<20)...)
	if _, err := s.ForAvatars().Accept(t.Context(), bytes.NewReader(big), Incoming{}); !fault.Is(err, fault.TooLarge) || blobs(t, f) != 0 {
		t.Errorf("more than 2 MB: %v, %d blobs", err, blobs(t, f))
	}
}
