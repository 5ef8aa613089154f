package amojo

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"time"
)

// The types of a message. Hooks know all but location and contact; a hook's type
// may also be one that is not documented yet.
const (
	TypeText     = "text"
	TypeContact  = "contact"
	TypeFile     = "file"
	TypeVideo    = "video"
	TypePicture  = "picture"
	TypeVoice    = "voice"
	TypeAudio    = "audio"
	TypeSticker  = "sticker"
	TypeLocation = "location"
)

// ErrIncomplete is inside the *NotSentError of a request that lacks what the
// service requires, or has what it does not know: no repeat can help.
var ErrIncomplete = errors.New("incomplete")

func incomplete(what string) error { return fmt.Errorf("%w: %s", ErrIncomplete, what) }

// Out is what a message of ours holds. Text may stand beside every type, as the
// caption; of the rest only what belongs to the type goes out (C §3.4.4):
//
//	text                 Text
//	picture, video, file Media, FileName and FileBytes; Duration of a video
//	voice, audio         Media; Duration, FileName, FileBytes if known
//	sticker              Media, the address of a picture; StickerID
//	location             Location
//	contact              Contact
type Out struct {
	Type string // one of the constants above; "" is TypeText
	Text string
	// Media is a public address that the service downloads some time later,
	// without cookies or login.
	Media     string
	FileName  string
	FileBytes int64         // size of what Media gives; 0 when not known
	Duration  time.Duration // sent in whole seconds; 0 when not known
	// StickerID is the same for all accounts; "" for none.
	StickerID string
	Location  *Location
	Contact   *Contact
	// CallbackData is that of the row which the visitor chose in a ListMessage.
	CallbackData string
	// SharedPost is a post that the visitor passed on; nil for none.
	SharedPost *SharedPost
}

// Location is a point on the map, in degrees.
type Location struct{ Lon, Lat float64 }

// Contact is a person's card inside a message.
type Contact struct{ Name, Phone string }

// SharedPost is a post that a visitor passed on.
type SharedPost struct {
	URL string
	// PreviewLink is a picture that the service downloads; PreviewPermalink is
	// used as it is and wins.
	PreviewLink, PreviewPermalink string
	SiteName                      string // the caption
}

type wireLocation struct {
	Lon float64 `json:"lon"`
	Lat float64 `json:"lat"`
}

type wireCard struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

type wireSharedPost struct {
	URL              string `json:"url"`
	PreviewLink      string `json:"preview_link,omitempty"`
	PreviewPermalink string `json:"preview_permalink,omitempty"`
	Type             string `json:"type"`
	SiteName         string `json:"site_name,omitempty"`
}

type wireOut struct {
	Type          string          `json:"type"`
	Text          *string         `json:"text,omitempty"`
	Media         string          `json:"media,omitempty"`
	FileName      string          `json:"file_name,omitempty"`
	FileSize      int64           `json:"file_size,omitempty"`
	MediaDuration int64           `json:"media_duration,omitempty"`
	StickerID     string          `json:"sticker_id,omitempty"`
	Location      *wireLocation   `json:"location,omitempty"`
	Contact       *wireCard       `json:"contact,omitempty"`
	CallbackData  string          `json:"callback_data,omitempty"`
	SharedPost    *wireSharedPost `json:"shared_post,omitempty"`
	Post          *wirePost       `json:"post,omitempty"`
	Status        *wireStatus     `json:"delivery_status,omitempty"` // edits only
}

// wire checks o and keeps what belongs to its type. In an edit the file may be
// left out, when it stays, and an empty caption is one that was taken away.
func (o Out) wire(edit bool) (wireOut, error) {
	w := wireOut{Type: o.Type, CallbackData: o.CallbackData}
	if w.Type == "" {
		w.Type = TypeText
	}
	if o.Text != "" || edit && o.captioned() {
		w.Text = &o.Text
	}
	if o.SharedPost != nil {
		p := o.SharedPost
		if err := address(p.URL); err != nil {
			return w, fmt.Errorf("shared post: %w", err)
		}
		w.SharedPost = &wireSharedPost{p.URL, p.PreviewLink, p.PreviewPermalink, "post", p.SiteName}
	}
	if o.file() && (o.Media != "" || !edit) {
		if err := address(o.Media); err != nil {
			return w, fmt.Errorf("media: %w", err)
		}
		w.Media = o.Media
		if w.Type != TypeSticker {
			w.FileName, w.FileSize = o.FileName, max(o.FileBytes, 0)
		}
		if o.captioned() && (w.FileName == "" || w.FileSize == 0) {
			return w, incomplete(w.Type + " has no file name or no size")
		}
	}
	switch w.Type {
	case TypeText:
		if o.Text == "" {
			return w, incomplete("text is empty")
		}
	case TypePicture, TypeFile:
	case TypeVideo, TypeVoice, TypeAudio:
		w.MediaDuration = seconds(o.Duration)
	case TypeSticker:
		w.StickerID = o.StickerID
	case TypeLocation:
		l, err := o.Location.wire()
		if err != nil {
			return w, err
		}
		w.Location = l
	case TypeContact:
		c, err := o.Contact.wire()
		if err != nil {
			return w, err
		}
		w.Contact = c
	default:
		return w, incomplete("unknown type of message")
	}
	return w, nil
}

// captioned tells the types whose file needs a name and a size.
func (o Out) captioned() bool {
	return o.Type == TypePicture || o.Type == TypeVideo || o.Type == TypeFile
}

func (o Out) file() bool {
	return o.captioned() || o.Type == TypeVoice || o.Type == TypeAudio || o.Type == TypeSticker
}

func (l *Location) wire() (*wireLocation, error) {
	// Written so that NaN is refused too: JSON has no word for it.
	if l == nil || !(math.Abs(l.Lon) <= 180) || !(math.Abs(l.Lat) <= 90) {
		return nil, incomplete("location is not on the map")
	}
	return &wireLocation{l.Lon, l.Lat}, nil
}

func (c *Contact) wire() (*wireCard, error) {
	if c == nil || c.Name == "" || c.Phone == "" {
		return nil, incomplete("contact has no name or no phone")
	}
	return &wireCard{c.Name, c.Phone}, nil
}

// seconds rounds up, so that a short sound is not one without a length.
func seconds(d time.Duration) int64 {
	return int64((max(d, 0) + time.Second - 1) / time.Second)
}

// address refuses what the service could not download.
func address(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		// The parser's text would quote the address, which opens a visitor's file.
		return incomplete("no address to download from")
	}
	return nil
}
