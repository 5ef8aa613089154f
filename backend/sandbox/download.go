package sandbox

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

const (
	maxFile       = 64 << 20 // bytes of one file, fetched or uploaded
	maxDownloads  = 5000     // records kept
	fetchTimeout  = 30 * time.Second
	fetchAtOnce   = 4
	maxFetchJumps = 5
)

// Download is one link of a client that the chats service fetched, or tried to
// (C §3.4.4): with GET, without cookies, after the answer. A message stays
// whatever comes of it (C §9.22).
type Download struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Account   int64     `json:"account_id"`
	Kind      string    `json:"kind"` // media, avatar, preview
	MessageID string    `json:"message_id,omitempty"`
	URL       string    `json:"url"`
	// Outcome is waiting, fetched or failed.
	Outcome     string `json:"outcome"`
	Status      int    `json:"status,omitempty"`
	ContentType string `json:"content_type,omitempty"`
	Bytes       int64  `json:"bytes"`
	SHA256      string `json:"sha256,omitempty"` // hex
	Error       string `json:"error,omitempty"`
}

// Downloads lists what was fetched, oldest first.
func (s *Server) Downloads() []Download {
	s.mu.Lock()
	defer s.mu.Unlock()
	return values(s.st.Downloads)
}

// downloadsOf fetches what a message refers to. s.mu is held.
func (s *Server) downloadsOf(m *Message) {
	if m.Media != "" {
		s.download("media", m.Scope, m.Media, m)
	}
	// A lasting preview is not fetched and wins over the passing one.
	if p := m.SharedPost; p != nil && p.PreviewLink != "" && p.PreviewPermalink == "" {
		s.download("preview", m.Scope, p.PreviewLink, m)
	}
	if p := m.Post; p != nil && p.PreviewURL != "" && p.PreviewPermalink == "" {
		s.download("preview", m.Scope, p.PreviewURL, m)
	}
}

// download fetches one link in the background; m is nil for avatars. s.mu is held.
func (s *Server) download(kind, scope, link string, m *Message) {
	conn := s.st.Connections[scope]
	if conn == nil || !webLink(link) {
		return
	}
	d := &Download{ID: s.nextID(), At: s.now(), Account: conn.Account, Kind: kind, URL: link, Outcome: "waiting"}
	image, size := kind != "media", int64(-1)
	if m != nil {
		d.MessageID = m.ID
		if kind == "media" {
			image = m.Type == "picture" || m.Type == "sticker"
			if m.FileSize > 0 {
				size = m.FileSize
			}
		}
	}
	if len(s.st.Downloads) >= maxDownloads {
		s.st.Downloads = s.st.Downloads[1:]
	}
	s.st.Downloads = append(s.st.Downloads, d)
	vars := s.st.Variants.ChatVariants
	s.background(time.Duration(vars.FetchDelayMS)*time.Millisecond, func() {
		select {
		case s.fetching <- struct{}{}:
			defer func() { <-s.fetching }()
		case <-s.ctx.Done():
			return
		}
		got := s.get(link, vars.FetchRedirects)
		got.judge(image, size)
		s.mu.Lock()
		defer s.mu.Unlock()
		d.Status, d.ContentType, d.Bytes, d.SHA256 = got.status, got.contentType, int64(len(got.body)), got.sum
		d.Outcome = "fetched"
		if got.err != nil {
			d.Outcome, d.Error = "failed", withoutURL(got.err)
			if got.broke {
				s.breach(d.Account, "C §9.22 "+kind, d.Error, 0)
			}
		} else {
			s.keepFile(&File{URL: link, Account: d.Account, Type: fileType(got.contentType, got.body), SHA256: d.SHA256}, got.body)
		}
		s.touch()
	})
}

type fetched struct {
	status      int
	contentType string
	body        []byte
	sum         string
	err         error
	broke       bool // it is the client's fault, not the network's
}

// get fetches a link as a stranger does: no cookies, no authorisation.
func (s *Server) get(link string, redirects bool) (f fetched) {
	ctx, cancel := context.WithTimeout(s.ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return fetched{err: err, broke: true}
	}
	c := *s.client // refuses redirects: whether they are followed is not documented
	if redirects {
		c.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
			if len(via) >= maxFetchJumps {
				return errors.New("too many redirects")
			}
			return nil
		}
	}
	res, err := c.Do(req)
	if err != nil {
		return fetched{err: err}
	}
	defer func() { _ = res.Body.Close() }()
	f.status = res.StatusCode
	f.contentType, _, _ = mime.ParseMediaType(res.Header.Get("Content-Type"))
	if res.StatusCode != http.StatusOK {
		f.err, f.broke = fmt.Errorf("the link answers %d", res.StatusCode), res.StatusCode < 500 && res.StatusCode != http.StatusTooManyRequests
		return f
	}
	if f.body, f.err = io.ReadAll(io.LimitReader(res.Body, maxFile+1)); f.err != nil {
		return f
	}
	if len(f.body) > maxFile {
		f.body, f.err, f.broke = nil, errors.New("more than 64 MiB"), true
		return f
	}
	sum := sha256.Sum256(f.body)
	f.sum = hex.EncodeToString(sum[:])
	return f
}

// judge holds the file to what the message said of it; size -1 is unknown.
func (f *fetched) judge(image bool, size int64) {
	if f.err != nil {
		return
	}
	if kind := fileType(f.contentType, f.body); image && !strings.HasPrefix(kind, "image/") {
		f.err = fmt.Errorf("the link gives %s, not a picture", kind)
	}
	if n := int64(len(f.body)); size >= 0 && n != size {
		f.err = fmt.Errorf("the link gives %d bytes, file_size says %d", n, size)
	}
	f.broke = f.err != nil
}

// fileType is the declared type unless that says nothing or the bytes are a
// picture; active types never come out of it.
func fileType(declared string, body []byte) string {
	sniffed, _, _ := mime.ParseMediaType(http.DetectContentType(body))
	switch {
	case strings.HasPrefix(sniffed, "image/"), declared == "", declared == "application/octet-stream":
		declared = sniffed
	case declared == "image/svg+xml":
		return declared
	case strings.HasPrefix(declared, "image/"):
		return cmp.Or(sniffed, "application/octet-stream")
	}
	if sniffed == "text/html" {
		return sniffed
	}
	return declared
}
