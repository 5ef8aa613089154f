package media

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
)

// Served says how one blob goes out.
type Served struct {
	Key  Key
	Type string // as Inspect found it; not needed for a thumbnail
	Name string // of the original, clean
	// Variant is which of the two forms the blob is.
	Variant Variant
	// Until is when the link that was followed ends; zero for a lasting one. No
	// cache keeps the file longer.
	Until time.Time
	// Embeddable lets pages of other sites show it: avatars, and what the CRM
	// shows to operators straight from us. Panels live on our own host.
	Embeddable bool
}

// lastingAge is how long caches keep what a lasting link leads to: a deleted
// message's file should not live on in them for long.
const lastingAge = 24 * time.Hour

// Serve answers a GET or HEAD for a blob: ranges, conditional requests, and
// headers under which no file can act as a page of ours. Only pictures, sound and
// video are shown in place; all else is to be saved, under a neutral type unless
// it is a known harmless one. The caller closes the blob.
func Serve(w http.ResponseWriter, r *http.Request, blob *Blob, s Served, now time.Time) {
	h := w.Header()
	if s.Variant == Thumbnail {
		s.Type = thumbType(blob)
		s.Name = CleanName(s.Name, s.Type)
	}
	f, ok := formats[s.Type]
	typ, disposition := unknownType, "attachment"
	if ok {
		typ = s.Type
	}
	if f.inline() {
		disposition = "inline"
	}
	h.Set("Content-Type", typ)
	h.Set("Content-Disposition", disposition)
	if d := mime.FormatMediaType(disposition, map[string]string{"filename": s.Name}); d != "" && s.Name != "" {
		h.Set("Content-Disposition", d)
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if s.Embeddable {
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	age, scope := lastingAge, "public"
	if !s.Until.IsZero() {
		age, scope = max(0, s.Until.Sub(now)), "private"
	}
	h.Set("Cache-Control", fmt.Sprintf("%s, max-age=%d, immutable", scope, int(age.Seconds())))
	// The key itself may be a capability; a blob never changes, so its hash is a strong tag.
	sum := sha256.Sum256([]byte(s.Key))
	h.Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	http.ServeContent(w, r, "", blob.ModifiedAt, blob)
}

// thumbType tells which of the two types that we make a thumbnail has.
func thumbType(blob *Blob) string {
	const png = "\x89PNG"
	var head [len(png)]byte
	_, err := io.ReadFull(blob, head[:])
	if _, back := blob.Seek(0, io.SeekStart); err != nil || back != nil {
		return unknownType // the answer's own reading will fail as well
	}
	if string(head[:]) == png {
		return "image/png"
	}
	return "image/jpeg"
}
