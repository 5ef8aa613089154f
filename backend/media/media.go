// Package media keeps the files of conversations and fetches those that others
// offer: it stores blobs (a local folder or an S3-compatible service), finds out
// what a file really is, makes thumbnails, calls addresses that came from
// outside through one guarded client, makes and checks the links to files and
// answers requests for them so that no file can act as a page of ours.
//
// It refuses to know messages, visitors and the database: who may send and see
// what is decided by its users, and what they must remember about a file is an
// Item. A typical use:
//
//	item, err := service.Accept(ctx, body, media.Incoming{Name: "cat.jpg"})
//	// save item with the message; on failure service.Discard(ctx, item)
package media

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"leadline/backend/fault"
)

// Service takes files in. Its fields are set once, before the first use.
type Service struct {
	Store   Store
	Limits  Limits
	Fetcher *Fetcher
	// small: nothing is kept of a picture but a copy of so many pixels a side; 0 keeps
	// files as they are.
	small int
}

const (
	// avatarBytes is the most that a picture of a person may have before it is made small.
	avatarBytes = 2 << 20
	// avatarPixels is the longer side at most: 28 points on a screen, at three pixels each.
	avatarPixels = 96
	// pageBytes and pagePixels are the same for a picture on a page: previews in
	// messengers are 1200 pixels wide.
	pageBytes  = 8 << 20
	pagePixels = 1200
)

// ForAvatars gives a Service, on the same store, for pictures of people: of up to
// 2 MB, of which a copy of up to 96 pixels a side, upright and without metadata, is
// all that is kept; it is the Item's original. Refused besides is what cannot be made
// smaller.
func (s *Service) ForAvatars() *Service { return s.smaller(avatarBytes, avatarPixels) }

// ForPages is ForAvatars for pictures of public pages: of up to 8 MB, kept with up to
// 1200 pixels a side.
func (s *Service) ForPages() *Service { return s.smaller(pageBytes, pagePixels) }

func (s *Service) smaller(bytes int64, pixels int) *Service {
	l := Limits{PictureBytes: bytes, Types: slices.Collect(maps.Keys(decoders))}
	return &Service{Store: s.Store, Limits: l, Fetcher: s.Fetcher, small: pixels}
}

// Incoming says what is known of a file before it is looked at.
type Incoming struct {
	// Name is what the sender called it; cleaned here, may be empty.
	Name string
	// Wish is what the sender means it to be; it counts only where the content
	// agrees: Voice for sound, Sticker for a picture, File for anything. Empty, or
	// any other kind, leaves it to the content.
	Wish Kind
	// AnyType takes what Limits.Types does not list, as a file to save. For
	// operators' files: the CRM accepted them already.
	AnyType bool
}

// Item is one file in the store; everything that must be remembered of it.
type Item struct {
	Info
	// Key finds the original in the store.
	Key Key
	// Thumb is nil for all but pictures that could be made smaller.
	Thumb *StoredThumb
}

// StoredThumb is the small version of a picture, without any metadata.
type StoredThumb struct {
	Key           Key
	Type          string // image/jpeg, or image/png where the picture is see-through
	Size          int64  // bytes
	Width, Height int    // pixels
}

// Accept reads r to its end, finds out what it is and stores it, a picture's
// thumbnail too. Nothing stays behind when it fails.
//
// Errors: fault.TooLarge file_too_large (argument Max, in MB); fault.Invalid
// file_empty, file_type_refused, file_broken; fault.Unavailable
// storage_unavailable; what r's Read gave, wrapped.
func (s *Service) Accept(ctx context.Context, r io.Reader, in Incoming) (Item, error) {
	f, size, err := s.spool(r)
	if err != nil {
		return Item{}, err
	}
	defer drop(f)
	info, err := Inspect(f, size, in, s.Limits)
	if err != nil {
		return Item{}, err
	}
	if s.small > 0 {
		return s.keepSmall(ctx, f, info)
	}
	item := Item{Info: info, Key: NewKey()}
	var thumb *Thumb
	if info.Kind == Picture || info.Kind == Sticker {
		thumb, err = thumbnail(ctx, f, size, info.Type, thumbPixels)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return Item{}, ctx.Err()
		case !in.AnyType:
			return Item{}, fault.Wrap(fault.Invalid, "file_broken", err)
		}
	}
	if err := s.Store.Put(ctx, item.Key, io.NewSectionReader(f, 0, size), size); err != nil {
		return Item{}, err
	}
	if thumb == nil {
		return item, nil
	}
	item.Thumb = &StoredThumb{Key: NewKey(), Type: thumb.Type, Size: int64(len(thumb.Data)), Width: thumb.Width, Height: thumb.Height}
	if err := s.Store.Put(ctx, item.Thumb.Key, thumb.reader(), item.Thumb.Size); err != nil {
		// The caller's context may be what ended; the original must not stay for ever.
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
		defer cancel()
		return Item{}, errors.Join(err, s.Store.Delete(clean, item.Key))
	}
	return item, nil
}

// Small makes of a picture what a Service of ForAvatars or ForPages keeps of it, and
// stores nothing. Errors are those of Accept.
func (s *Service) Small(ctx context.Context, r io.Reader, in Incoming) (Info, []byte, error) {
	f, size, err := s.spool(r)
	if err != nil {
		return Info{}, nil, err
	}
	defer drop(f)
	info, err := Inspect(f, size, in, s.Limits)
	if err != nil {
		return Info{}, nil, err
	}
	info, small, err := s.shrink(ctx, f, info)
	if err != nil {
		return Info{}, nil, err
	}
	return info, small.Data, nil
}

// shrink makes the thumbnail of a picture that is to stand in its place.
func (s *Service) shrink(ctx context.Context, f io.ReaderAt, info Info) (Info, *Thumb, error) {
	small, err := thumbnail(ctx, f, info.Size, info.Type, s.small)
	switch {
	case ctx.Err() != nil:
		return Info{}, nil, ctx.Err()
	case err != nil:
		return Info{}, nil, fault.Wrap(fault.Invalid, "file_broken", err)
	case small == nil:
		return Info{}, nil, fault.New(fault.Invalid, "file_type_refused")
	}
	info.Type, info.Size, info.Width, info.Height = small.Type, int64(len(small.Data)), small.Width, small.Height
	info.Name = CleanName(info.Name, info.Type)
	return info, small, nil
}

// keepSmall stores the thumbnail of a picture as the picture.
func (s *Service) keepSmall(ctx context.Context, f io.ReaderAt, info Info) (Item, error) {
	info, small, err := s.shrink(ctx, f, info)
	if err != nil {
		return Item{}, err
	}
	item := Item{Info: info, Key: NewKey()}
	if err := s.Store.Put(ctx, item.Key, small.reader(), info.Size); err != nil {
		return Item{}, err
	}
	return item, nil
}

// cleanUpTime bounds the removal of what was stored in vain.
const cleanUpTime = 10 * time.Second

// Import fetches a file from an address that came from outside and accepts it.
// in.Name wins over the name that the other side gives. Errors: *FetchError and
// those of Accept.
func (s *Service) Import(ctx context.Context, address string, in Incoming) (Item, error) {
	got, err := s.Fetcher.Fetch(ctx, address, s.Limits.most())
	if err != nil {
		return Item{}, err
	}
	defer got.Body.Close()
	if in.Name == "" {
		in.Name = got.Name
	}
	return s.Accept(ctx, got.Body, in)
}

// Discard removes an item from the store: its original and its thumbnail.
func (s *Service) Discard(ctx context.Context, item Item) error {
	err := s.Store.Delete(ctx, item.Key)
	if item.Thumb != nil {
		err = errors.Join(err, s.Store.Delete(ctx, item.Thumb.Key))
	}
	return err
}

// spool copies r into a file that nobody else sees: looking at a file needs to
// go back and forth, and the store wants its size beforehand.
func (s *Service) spool(r io.Reader) (*os.File, int64, error) {
	f, err := os.CreateTemp("", "leadline-upload-*")
	if err != nil {
		return nil, 0, unavailable("spool file", err)
	}
	// Where the system allows it the name goes at once, so that a killed process leaves nothing.
	_ = os.Remove(f.Name())
	w := &failing{w: f}
	n, err := io.Copy(w, io.LimitReader(r, s.Limits.most()+1)) // one byte too many for any kind: Inspect says so
	switch {
	case w.err != nil:
		drop(f)
		return nil, 0, unavailable("spool file", w.err)
	case err != nil:
		drop(f)
		return nil, 0, err
	}
	return f, n, nil
}

// failing remembers the writer's own error, to tell it from the reader's.
type failing struct {
	w   io.Writer
	err error
}

func (f *failing) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err != nil {
		f.err = err
	}
	return n, err
}

func drop(f *os.File) {
	_ = f.Close()
	_ = os.Remove(f.Name()) // where it could not go while it was open
}
