package media

import (
	"errors"
	"io"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"leadline/backend/fault"
)

// Limits are the most that is taken of each kind, and what of.
type Limits struct {
	// Sizes in bytes. Voice has the limit of audio, a sticker that of a picture.
	PictureBytes, VideoBytes, AudioBytes, FileBytes int64
	// Types are the content types taken from visitors (VisitorTypes). Empty
	// takes none.
	Types []string
}

// DefaultLimits are what a server starts with.
func DefaultLimits() Limits {
	return Limits{PictureBytes: 20 << 20, VideoBytes: 50 << 20, AudioBytes: 20 << 20, FileBytes: 50 << 20, Types: VisitorTypes()}
}

// MaxBytes is the most that a file of the kind may have.
func (l Limits) MaxBytes(k Kind) int64 {
	switch k {
	case Picture, Sticker:
		return l.PictureBytes
	case Video:
		return l.VideoBytes
	case Audio, Voice:
		return l.AudioBytes
	default:
		return l.FileBytes
	}
}

// Accept is Types for the accept attribute of a file field: content types, then
// name endings, for browsers that know only one of them.
func (l Limits) Accept() string {
	list := slices.Sorted(slices.Values(l.Types))
	var exts []string
	for _, t := range list {
		exts = append(exts, formats[t].exts...)
	}
	slices.Sort(exts)
	return strings.Join(append(list, slices.Compact(exts)...), ",")
}

func (l Limits) most() int64 {
	return max(l.PictureBytes, l.VideoBytes, l.AudioBytes, l.FileBytes)
}

func (l Limits) tooLarge(k Kind) error {
	return fault.New(fault.TooLarge, "file_too_large").With("Max", l.MaxBytes(k)>>20)
}

// Info is what a look at a file's content tells.
type Info struct {
	Kind Kind
	// Type is the content type, without parameters, found in the content.
	Type string
	// Name is clean and ends as the type demands (CleanName).
	Name string
	Size int64 // bytes
	// Width and Height are pixels as a person sees them, pictures only.
	Width, Height int
	// Duration of sound and video; 0 where the file does not say.
	Duration time.Duration
}

// Inspect finds out what the size bytes of r are, from the content alone: what
// the sender says counts for nothing but the words of the name and in.Wish.
// Errors: those of Accept.
func Inspect(r io.ReaderAt, size int64, in Incoming, l Limits) (Info, error) {
	if size == 0 {
		return Info{}, fault.New(fault.Invalid, "file_empty")
	}
	kind, typ, err := detect(r, size)
	if err != nil {
		return Info{}, err
	}
	info := Info{Kind: in.kind(kind), Type: typ, Size: size}
	if !in.AnyType && !slices.Contains(l.Types, typ) {
		return Info{}, fault.New(fault.Invalid, "file_type_refused")
	}
	switch info.Kind {
	case Picture, Sticker:
		info.Width, info.Height, err = dimensions(r, size, typ)
		switch {
		case err == nil:
		case errors.Is(err, errPixels), in.AnyType:
			// Too big to show, or damaged: still something to save.
			info.Kind, info.Width, info.Height = File, 0, 0
		default:
			return Info{}, fault.Wrap(fault.Invalid, "file_broken", err)
		}
	case Video, Audio, Voice:
		info.Duration = duration(r, size, typ)
	}
	if size > l.MaxBytes(info.Kind) {
		return Info{}, l.tooLarge(info.Kind)
	}
	info.Name = CleanName(in.Name, typ)
	return info, nil
}

// kind joins what was found with what was wished.
func (in Incoming) kind(found Kind) Kind {
	switch {
	case in.Wish == File,
		in.Wish == Voice && found == Audio,
		in.Wish == Sticker && found == Picture:
		return in.Wish
	}
	return found
}

// detect tells the kind and the content type by the content.
func detect(r io.ReaderAt, size int64) (Kind, string, error) {
	found, err := mimetype.DetectReader(io.NewSectionReader(r, 0, size))
	if err != nil {
		return "", "", err
	}
	typ, _, err := mime.ParseMediaType(found.String())
	if err != nil {
		typ = unknownType
	}
	if other, ok := sameAs[typ]; ok {
		typ = other
	}
	// The containers of video also hold sound alone: browsers record voice into them.
	switch typ {
	case "video/webm", "audio/webm":
		typ = soundOrVideo(webm(r, size), "audio/webm", "video/webm")
	case "video/mp4", "audio/mp4":
		typ = soundOrVideo(mp4(r, size), "audio/mp4", "video/mp4")
	case "video/quicktime":
		typ = soundOrVideo(mp4(r, size), "audio/mp4", typ)
	}
	f, ok := formats[typ]
	if !ok {
		return File, typ, nil
	}
	return f.kind, typ, nil
}

func soundOrVideo(t tracks, sound, video string) string {
	if t.sound && !t.video {
		return sound
	}
	return video
}
