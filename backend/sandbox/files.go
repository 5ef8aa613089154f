package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

// maxKept is how many bytes of files are kept in memory; the oldest go first.
const maxKept = 512 << 20

// ErrFile is an upload that cannot be taken.
var ErrFile = errors.New("the file is empty, too large or has no name")

// File is what stands behind a link: an operator's upload, served by the chats
// service, or the copy of what a client's link gave.
type File struct {
	URL     string    `json:"url"`
	Account int64     `json:"account_id"`
	Name    string    `json:"name,omitempty"`
	Type    string    `json:"content_type"`
	Bytes   int64     `json:"bytes"`
	SHA256  string    `json:"sha256"` // hex; names the bytes too
	Upload  bool      `json:"upload"`
	At      time.Time `json:"at"`
}

// blobs keeps the bytes of files by their hash: in a folder beside the
// snapshot, or in memory.
type blobs struct {
	dir   string
	mem   map[string][]byte
	order []string
	size  int64
}

func (b *blobs) put(sum string, data []byte) error {
	if b.dir != "" {
		if err := os.MkdirAll(b.dir, 0o700); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(b.dir, sum), data, 0o600)
	}
	if _, there := b.mem[sum]; there {
		return nil
	}
	b.mem[sum] = data
	b.order, b.size = append(b.order, sum), b.size+int64(len(data))
	for b.size > maxKept && len(b.order) > 1 {
		b.size -= int64(len(b.mem[b.order[0]]))
		delete(b.mem, b.order[0])
		b.order = b.order[1:]
	}
	return nil
}

func (b *blobs) get(sum string) ([]byte, bool) {
	if data, there := b.mem[sum]; there || b.dir == "" {
		return data, there
	}
	data, err := os.ReadFile(filepath.Join(b.dir, filepath.Base(sum)))
	return data, err == nil
}

// keepFile stores a file and its bytes under its link. s.mu is held.
func (s *Server) keepFile(f *File, data []byte) {
	f.Bytes, f.At = int64(len(data)), s.now()
	if f.SHA256 == "" {
		sum := sha256.Sum256(data)
		f.SHA256 = hex.EncodeToString(sum[:])
	}
	if err := s.blobs.put(f.SHA256, data); err != nil {
		s.log.Error("keep a file", "err", err)
		return
	}
	s.st.Files[f.URL] = f
}

// Upload stores a file that an operator attaches and returns the message that
// sends it: the link on the chats service's host, for pictures and video a
// thumbnail, name and size. kind is a message type of C §4.3, "" to take it
// from the content type (voice and sticker cannot be told from it).
func (s *Server) Upload(account int64, name, contentType, kind string, data []byte) (Content, error) {
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	if len(data) == 0 || len(data) > maxFile || name == "." || name == "/" || len(name) > 255 || !utf8.ValidString(name) {
		return Content{}, ErrFile
	}
	contentType, _, _ = mime.ParseMediaType(contentType)
	contentType = fileType(contentType, data)
	if kind == "" {
		kind = kindOfFile(contentType)
	}
	if !isFileKind(kind) {
		return Content{}, errors.New("a file is sent as file, video, picture, voice, audio or sticker")
	}
	small := thumbnail(kind, data)
	s.mu.Lock()
	defer s.mu.Unlock()
	acc := s.account(account)
	if acc == nil {
		return Content{}, ErrNotFound
	}
	link := s.attachmentsOf(*acc)
	folder := link.Path + s.newID() + "/"
	link.Path = folder + name
	c := Content{Type: kind, Media: link.String(), FileName: name, FileSize: int64(len(data))}
	s.keepFile(&File{URL: c.Media, Account: account, Name: name, Type: contentType, Upload: true}, data)
	if small != nil {
		link.Path = folder + strings.TrimSuffix(name, path.Ext(name)) + "_320x200.jpg"
		c.Thumbnail = link.String()
		s.keepFile(&File{URL: c.Thumbnail, Account: account, Name: "thumbnail.jpg", Type: "image/jpeg", Upload: true}, small)
	}
	s.touch()
	return c, nil
}

// attachmentsOf is where an account's uploads are served (C §4.3, media links).
// s.mu is held.
func (s *Server) attachmentsOf(acc Account) url.URL {
	zone := s.zone(acc.Product)
	at := "/attachments/" + acc.AmojoID + "/"
	if acc.Product == ProductKommo {
		at = "/v2/" + acc.AmojoID + "/attachments/"
	}
	return url.URL{Scheme: zone.Scheme, Host: "amojo." + zone.Name, Path: at}
}

func isFileKind(kind string) bool {
	switch kind {
	case "file", "video", "picture", "voice", "audio", "sticker":
		return true
	}
	return false
}

func kindOfFile(contentType string) string {
	kind, _, _ := strings.Cut(contentType, "/")
	switch {
	case contentType == "image/svg+xml": // not a picture that everybody shows
		return "file"
	case kind == "image":
		return "picture"
	case kind == "video", kind == "audio":
		return kind
	case contentType == "application/ogg":
		return "audio"
	}
	return "file"
}

// isAttachment tells whether a path of the chats service's host is a file's.
func isAttachment(p string) bool {
	return strings.HasPrefix(p, "/attachments/") || strings.HasPrefix(p, "/v2/") && strings.Contains(p, "/attachments/")
}

// serveAttachment serves an upload as the variant media_links says. Whether
// links need authorisation and how long they live is not documented (C §4.3).
func (s *Server) serveAttachment(c *call, zone Zone) {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		c.w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	s.mu.Lock()
	vars, now := s.st.Variants, s.now()
	link := url.URL{Scheme: zone.Scheme, Host: "amojo." + zone.Name, Path: c.r.URL.Path}
	f := s.st.Files[link.String()]
	s.mu.Unlock()
	if f == nil || !f.Upload {
		c.verdict(Refused, "attachment", "no such file")
		c.w.WriteHeader(http.StatusNotFound)
		return
	}
	c.account = f.Account
	switch vars.MediaLinks {
	case "denied":
		c.verdict(Refused, "C §4.3 media link", "denied, as switched on")
		c.w.WriteHeader(http.StatusUnauthorized)
		return
	case "expire":
		if now.After(f.At.Add(time.Duration(vars.MediaLinkSeconds) * time.Second)) {
			c.verdict(Refused, "C §4.3 media link", "the link has expired")
			c.w.WriteHeader(http.StatusForbidden)
			return
		}
	case "redirect":
		if c.r.URL.Query().Get("to") != "file" {
			http.Redirect(c.w, c.r, c.r.URL.EscapedPath()+"?to=file", http.StatusFound)
			return
		}
	}
	s.serveFile(c.w, c.r, *f)
}

// serveFile writes a file so that a browser shows pictures, sound and video and
// saves everything else.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, f File) {
	s.mu.Lock()
	data, ok := s.blobs.get(f.SHA256)
	s.mu.Unlock()
	if !ok {
		http.Error(w, "The sandbox does not keep this file any more.", http.StatusGone)
		return
	}
	kind, _, _ := strings.Cut(f.Type, "/")
	disposition := "attachment"
	if f.Type != "image/svg+xml" && (kind == "image" || kind == "audio" || kind == "video") || f.Type == "application/ogg" {
		disposition = "inline"
	}
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": f.Name}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
}

// fileBody reads an upload's bounded body.
func fileBody(r *http.Request) ([]byte, error) {
	b, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxFile))
	if err != nil {
		return nil, badRequest(ErrFile)
	}
	return b, nil
}
