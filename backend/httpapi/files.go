package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/media"
)

const (
	// uploadPause is how long an upload may bring nothing, and uploadTime how long
	// it may take in all: fifty megabytes over a bad line. They replace the
	// server's own bound, which is meant for small bodies.
	uploadPause = 20 * time.Second
	uploadTime  = 15 * time.Minute
	// downloadTime is how long a reader may take for one answer.
	downloadTime = 15 * time.Minute
	// cleanUpTime bounds the removal of what was stored in vain.
	cleanUpTime = 10 * time.Second
)

// kinds are those whose sizes a panel is told.
var kinds = []media.Kind{media.Picture, media.Video, media.Voice, media.Audio, media.File}

// uploadsJSON tells the composer what it may offer.
type uploadsJSON struct {
	MaxBytes map[media.Kind]int64 `json:"max_bytes"`
	Accept   string               `json:"accept"`
}

// uploads is nil where files are switched off.
func (s *Server) uploads() *uploadsJSON {
	l := s.Media.Limits
	if len(l.Types) == 0 {
		return nil
	}
	out := &uploadsJSON{MaxBytes: map[media.Kind]int64{}, Accept: l.Accept()}
	for _, k := range kinds {
		out.MaxBytes[k] = l.MaxBytes(k)
	}
	return out
}

// upload takes a visitor's file: 200 means that its bytes are stored. Nothing
// stays in the store after any other answer.
func (s *Server) upload(c *gin.Context) {
	who, _ := whoOf(c)
	ctx := c.Request.Context()
	if _, err := s.writable(ctx, who); err != nil {
		s.fail(c, err)
		return
	}
	in, err := s.announced(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	body := &patient{body: c.Request.Body, conn: http.NewResponseController(c.Writer), pause: uploadPause, until: time.Now().Add(uploadTime)}
	item, err := s.Media.Accept(ctx, body, in)
	if err != nil {
		if ctx.Err() != nil { // the browser has left
			err = fault.Wrap(fault.Invalid, "upload_broken", err)
		}
		s.fail(c, err)
		return
	}
	f := conversation.File{
		Key: string(item.Key), Kind: string(item.Kind), Name: item.Name, Type: item.Type, Bytes: item.Size,
		Width: item.Width, Height: item.Height, Duration: item.Duration,
	}
	if item.Thumb != nil {
		f.Thumb = string(item.Thumb.Key)
	}
	f, err = s.Conversations.Upload(ctx, who, f)
	if err != nil {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
		defer cancel()
		s.fail(c, errors.Join(err, s.Media.Discard(clean, item)))
		return
	}
	c.JSON(http.StatusOK, gin.H{"file": s.view(c).file(f)})
}

// announced judges an upload by its headers, before a byte of it is read.
func (s *Server) announced(c *gin.Context) (media.Incoming, error) {
	name, err := url.PathUnescape(c.GetHeader("X-File-Name"))
	in := media.Incoming{Name: name, Wish: media.Kind(c.Query("kind"))}
	l := s.Media.Limits
	var most media.Kind
	for _, k := range kinds {
		if most == "" || l.MaxBytes(k) > l.MaxBytes(most) {
			most = k
		}
	}
	switch n := c.Request.ContentLength; {
	case len(l.Types) == 0:
		return in, fault.New(fault.Invalid, "file_type_refused")
	case err != nil || len(name) > maxFileName || len(in.Wish) > maxKind:
		return in, fault.New(fault.Invalid, "invalid_request")
	case n < 0:
		return in, fault.New(fault.Invalid, "length_required")
	case n == 0:
		return in, fault.New(fault.Invalid, "file_empty")
	case n > l.MaxBytes(most):
		return in, fault.New(fault.TooLarge, "file_too_large").With("Max", l.MaxBytes(most)>>20)
	}
	return in, nil
}

const (
	// maxFileName bounds the name in bytes; it is cut for people afterwards.
	maxFileName = 1024
	// maxKind is the length of the longest wish, with room.
	maxKind = 16
)

// patient reads a body that may take long, as long as it moves.
type patient struct {
	body  io.Reader
	conn  *http.ResponseController
	pause time.Duration
	until time.Time
}

func (p *patient) Read(b []byte) (int, error) {
	end := time.Now().Add(p.pause)
	if p.until.Before(end) {
		end = p.until
	}
	if err := p.conn.SetReadDeadline(end); err != nil {
		return 0, fault.Wrap(fault.Internal, "internal", err)
	}
	n, err := p.body.Read(b)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		// The server watches the connection while the file is worked on: an old
		// deadline would look like a browser that has left.
		_ = p.conn.SetReadDeadline(time.Time{})
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, fault.Wrap(fault.Timeout, "upload_stalled", err)
	default:
		return n, fault.Wrap(fault.Invalid, "upload_broken", err)
	}
	return n, err
}

// file serves by a panel's link, which is proof by itself.
func (s *Server) file(c *gin.Context) {
	f, err := s.Conversations.FileByID(c.Request.Context(), chatid.FileID(c.Param("id")))
	if err != nil && !fault.Is(err, fault.NotFound) {
		s.fail(c, err)
		return
	}
	variant, until, ok := s.Links.Verify(f.ID, f.Conversation, c.Request.URL.Query(), s.Now())
	if err != nil || !ok {
		// The same for a file that never was: nobody learns which ids exist.
		s.fail(c, fault.New(fault.Denied, "link_expired"))
		return
	}
	s.serve(c, f, media.Served{Variant: variant, Until: until})
}

// lastingFile serves the chats service, which comes without any proof but the
// key and perhaps late (C §3.4.4). The name is for people.
func (s *Server) lastingFile(c *gin.Context) {
	key := media.Key(c.Param("key"))
	err := error(fault.New(fault.NotFound, "not_found"))
	var f conversation.File
	if key.Valid() {
		f, err = s.Conversations.FileByKey(c.Request.Context(), string(key))
	}
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "not_found") // one answer, whatever was wrong
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.serve(c, f, media.Served{Embeddable: true})
}

func (s *Server) serve(c *gin.Context, f conversation.File, as media.Served) {
	as.Key, as.Type, as.Name = media.Key(f.Key), f.Type, f.Name
	if as.Variant == media.Thumbnail {
		as.Key = media.Key(f.Thumb)
	}
	blob, err := s.Media.Store.Open(c.Request.Context(), as.Key)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			err = fault.New(fault.NotFound, "not_found")
		}
		s.fail(c, err)
		return
	}
	defer func() { _ = blob.Close() }()
	// A reader who stands still must not hold the file open for ever.
	conn := http.NewResponseController(c.Writer)
	_ = conn.SetWriteDeadline(time.Now().Add(downloadTime))
	defer func() { _ = conn.SetWriteDeadline(time.Time{}) }() // the connection may be used again
	media.Serve(c.Writer, c.Request, blob, as, s.Now())
}
