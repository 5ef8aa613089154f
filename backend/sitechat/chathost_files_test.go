package sitechat

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// fileOf is the File of http-api.md §3.
func (h *host) fileOf(id string) map[string]any {
	f := h.files[id]
	if f == nil { // on its way to us, or lost
		state, _, _ := strings.Cut(id, " ")
		return map[string]any{"id": id, "kind": "picture", "name": "lamp.png", "type": "image/png", "bytes": 80213, "width": 1200, "height": 800, "duration_ms": 0, "state": state}
	}
	link := fmt.Sprintf("/v1/files/%s?e=1767225600&s=%d", id, h.links)
	out := map[string]any{"id": id, "kind": f.kind, "name": f.name, "type": f.contentType, "bytes": len(f.bytes), "width": f.width, "height": f.height,
		"duration_ms": f.durationMS, "state": "ready", "url": link}
	if f.kind == "picture" || f.kind == "sticker" {
		out["thumb_url"] = link + "&v=thumb"
	}
	return out
}

func (h *host) upload(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	gate, broken := h.gate, h.broken
	h.mu.Unlock()
	var half bytes.Buffer
	if gate != nil {
		// Half of it is read, so that the progress of the other half is seen to wait.
		_, _ = io.CopyN(&half, r.Body, r.ContentLength/2)
		select {
		case <-gate:
		case <-r.Context().Done():
			return
		}
	}
	if broken {
		panic(http.ErrAbortHandler)
	}
	if r.ContentLength < 0 {
		refused(w, http.StatusLengthRequired, "length_required", "The length is missing.")
		return
	}
	name, err := url.PathUnescape(r.Header.Get("X-File-Name"))
	data, readErr := io.ReadAll(io.MultiReader(&half, r.Body))
	if err != nil || readErr != nil {
		refused(w, http.StatusUnprocessableEntity, "file_broken", "The file is broken.")
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, strings.TrimSpace("upload "+name+" "+r.URL.Query().Get("kind")))
	if h.refuse != nil {
		if status, code, text := h.refuse("upload " + name); status != 0 {
			refused(w, status, code, text)
			return
		}
	}
	// The type is found by content.
	f := &stored{name: name, bytes: data, contentType: http.DetectContentType(data), kind: "file"}
	if config, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil {
		f.kind, f.width, f.height = "picture", config.Width, config.Height
	}
	if wish := r.URL.Query().Get("kind"); wish != "" {
		f.kind = wish
	}
	if f.kind == "voice" {
		f.durationMS = 1000
	}
	id := fmt.Sprintf("f%d", len(h.files)+1)
	h.files[id] = f
	body, _ := json.Marshal(map[string]any{"file": h.fileOf(id)})
	answer(w, http.StatusOK, string(body))
}

// file serves by the signed link alone: a picture of a page carries no Authorization.
func (h *host) file(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	f, good := h.files[r.PathValue("id")], r.URL.Query().Get("s") == strconv.Itoa(h.links)
	h.mu.Unlock()
	if f == nil || !good {
		refused(w, http.StatusForbidden, "link_expired", "The link has expired.")
		return
	}
	w.Header().Set("Content-Type", f.contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.bytes))
}

// has stores a file of an operator and returns its id.
func (h *host) holds(f stored) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := fmt.Sprintf("f%d", len(h.files)+1)
	h.files[id] = &f
	return id
}

// picture is a PNG of a lamp's light in a colour.
func picture(width, height int, tint color.RGBA) stored {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			d := math.Hypot(float64(x-width/2)/float64(width), float64(y-height/2)/float64(height))
			f := math.Max(0, 1-1.4*d)
			img.Set(x, y, color.RGBA{uint8(float64(tint.R) * f), uint8(float64(tint.G) * f), uint8(float64(tint.B) * f), 255})
		}
	}
	var out bytes.Buffer
	_ = png.Encode(&out, img)
	return stored{name: "lamp.png", contentType: "image/png", kind: "picture", bytes: out.Bytes(), width: width, height: height}
}

// sound is a WAV of a tone: 8000 samples a second, 8 bits.
func sound(kind string, length time.Duration) stored {
	n := int(length.Seconds() * 8000)
	var out bytes.Buffer
	out.WriteString("RIFF")
	for _, v := range []any{uint32(36 + n), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(8000), uint32(8000), uint16(1), uint16(8), []byte("data"), uint32(n)} {
		_ = binary.Write(&out, binary.LittleEndian, v)
	}
	for i := range n {
		out.WriteByte(byte(128 + 40*math.Sin(float64(i)/4)))
	}
	return stored{name: "note.wav", contentType: "audio/wav", kind: kind, bytes: out.Bytes(), durationMS: int(length.Milliseconds())}
}
