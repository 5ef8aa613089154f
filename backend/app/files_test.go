package app

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "image/jpeg"
	_ "image/png"

	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/config"
	"leadline/backend/media/s3test"
	"leadline/backend/sandbox"
)

// sample is a file of package media's own tests: real pictures and recordings.
func sample(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "media", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func sha(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// put uploads as a panel does.
func (v *visitor) put(name, kind string, data []byte) answer {
	v.w.t.Helper()
	header := v.auth()
	header["X-File-Name"] = url.PathEscape(name)
	header["Content-Type"] = "application/octet-stream"
	return v.w.send("POST", v.base+"/v1/files?kind="+kind, header, string(data))
}

func (v *visitor) upload(name, kind string, data []byte) file {
	v.w.t.Helper()
	a := v.put(name, kind, data)
	if a.status != http.StatusOK {
		v.w.t.Fatalf("upload of %s: %d %s", name, a.status, a.body)
	}
	var got struct{ File file }
	a.into(v.w.t, &got)
	return got.File
}

// say sends a message of any form.
func (v *visitor) say(body map[string]any) message {
	v.w.t.Helper()
	a := v.w.send("POST", v.base+"/v1/messages", v.auth(), body)
	if a.status != http.StatusOK {
		v.w.t.Fatalf("write %v: %d %s", body, a.status, a.body)
	}
	var m struct{ Message message }
	a.into(v.w.t, &m)
	return m.Message
}

// get follows a link of the panel, without a token: links are proof by themselves.
func (w *world) get(link string, header map[string]string) answer {
	w.t.Helper()
	return w.send("GET", chatURL+link, header, nil)
}

// blobs are the files in the world's media folder.
func (w *world) blobs() []string {
	w.t.Helper()
	var list []string
	err := filepath.WalkDir(w.cfg.Media.Dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// TestFilesToTheCRM: a visitor's picture, recording and document arrive with the
// very same bytes (C §3.4.4).
func TestFilesToTheCRM(t *testing.T) {
	t.Parallel()
	filesToTheCRM(t, setup{login: true})
}

func TestFilesToTheCRMOnPostgres(t *testing.T) {
	t.Parallel()
	filesToTheCRM(t, setup{login: true, config: onPostgres(t)})
}

func filesToTheCRM(t *testing.T, s setup) {
	w := newWorld(t, s)
	v := w.visit(w.connected())
	stream := v.listen()
	const group = "0198c0de-0000-7000-8000-0000000000aa"
	for n, c := range []struct {
		name, wish, sample string
		kind, typ, caption string
		plays              bool
	}{
		{"Фото с моря.jpg", "", "wide.jpg", "picture", "image/jpeg", "the harbour", false},
		{"recording", "voice", "opus.ogg", "voice", "audio/ogg", "", true},
		{"clip.mp4", "", "film.mp4", "video", "video/mp4", "", true},
		{"plan.png", "file", "glass.png", "file", "image/png", "", false},
	} {
		data := sample(t, c.sample)
		f := v.upload(c.name, c.wish, data)
		if f.Kind != c.kind || f.Type != c.typ || f.State != "ready" || f.Bytes != int64(len(data)) || c.plays != (f.DurationMS > 0) {
			t.Errorf("%s is uploaded as %+v", c.name, f)
		}
		m := v.say(map[string]any{"client_id": uuidN(n + 1), "text": c.caption, "file_id": f.ID, "group": group})
		if m.Kind != c.kind || m.Text != c.caption || m.Group != group || m.File == nil || m.File.ID != f.ID {
			t.Errorf("%s is sent as %+v", c.name, m)
		}
		var got sandbox.Download
		w.eventually(c.name+" over there", func() bool {
			for _, d := range w.box.Downloads() {
				if d.Kind == "media" && d.SHA256 == sha(data) {
					got = d
				}
			}
			return got.Outcome == "fetched"
		})
		sent, _ := w.box.Message(got.MessageID)
		if sent.Type != c.kind || sent.Text != c.caption || sent.FileSize != int64(len(data)) || sent.FileName == "" || sent.MsgID != m.ID {
			t.Errorf("the CRM has %+v", sent)
		}
		if got.ContentType != c.typ {
			t.Errorf("%s is served as %s, want %s", c.name, got.ContentType, c.typ)
		}

		// What the panel shows.
		if a := w.get(m.File.URL, nil); a.status != http.StatusOK || sha(a.body) != sha(data) || a.header.Get("Content-Type") != c.typ ||
			a.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") ||
			!strings.HasPrefix(a.header.Get("Cache-Control"), "private") {
			t.Errorf("%s by its link: %d %v", c.name, a.status, a.header)
		}
		if (m.File.ThumbURL != "") != (c.kind == "picture") {
			t.Errorf("%s has the thumbnail %q", c.name, m.File.ThumbURL)
		}
	}
	pic := v.history()[0].File
	a := w.get(pic.ThumbURL, nil)
	size, _, err := image.DecodeConfig(bytes.NewReader(a.body))
	full, _, _ := image.DecodeConfig(bytes.NewReader(sample(t, "wide.jpg")))
	if err != nil || max(size.Width, size.Height) > 640 || pic.Width != full.Width || pic.Height != full.Height {
		t.Errorf("thumbnail %dx%d (%v) of a picture of %dx%d", size.Width, size.Height, err, pic.Width, pic.Height)
	}
	w.until("all on the stream with their files", func() bool {
		stream.mu.Lock()
		defer stream.mu.Unlock()
		n := 0
		for _, m := range stream.byID {
			if m.File != nil && m.File.URL != "" {
				n++
			}
		}
		return n == 4
	})
	// The same client id again is the same message; its file is sent once.
	if again := v.say(map[string]any{"client_id": uuidN(1), "text": "the harbour", "file_id": pic.ID, "group": group}); again.ID != v.history()[0].ID {
		t.Errorf("a resend became %s", again.ID)
	}
	w.send("POST", chatURL+"/v1/messages", v.auth(), map[string]any{"client_id": uuidN(9), "file_id": pic.ID}).wants(t, "a file sent twice", 422, "no_such_file")
	w.noBreaches()
}

// TestFileLinks: ranges, tags, and what no link opens (SEC-5).
func TestFileLinks(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	button, hash := w.connected()
	v, other := w.visit(button, hash), w.visit(button, hash)
	data := sample(t, "opus.ogg")
	f := v.upload("voice.ogg", "voice", data)
	foreign := other.upload("theirs.ogg", "voice", sample(t, "vorbis.ogg"))
	m := v.say(map[string]any{"client_id": uuidN(1), "file_id": f.ID})
	link := m.File.URL

	a := w.get(link, map[string]string{"Range": "bytes=100-199"})
	if a.status != http.StatusPartialContent || !bytes.Equal(a.body, data[100:200]) {
		t.Errorf("a range: %d, %d bytes", a.status, len(a.body))
	}
	if again := w.get(link, map[string]string{"If-None-Match": a.header.Get("ETag")}); again.status != http.StatusNotModified || a.header.Get("ETag") == "" {
		t.Errorf("a known file: %d", again.status)
	}
	if head := w.send("HEAD", chatURL+link, nil, nil); head.status != http.StatusOK || head.header.Get("Content-Length") != fmt.Sprint(len(data)) {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	query := func(k, val string) string {
		q := u.Query()
		q.Set(k, val)
		return u.Path + "?" + q.Encode()
	}
	own, _ := url.Parse(foreign.URL)
	for name, bad := range map[string]string{
		"no signature":          u.Path,
		"another signature":     query("s", own.Query().Get("s")),
		"a later end":           query("e", "99999999999"),
		"a thumbnail of none":   query("v", "thumb"),
		"another variant":       query("v", "huge"),
		"another file":          own.Path + "?" + u.RawQuery,
		"a file that never was": "/v1/files/" + uuidN(77) + "?" + u.RawQuery,
	} {
		w.get(bad, nil).wants(t, name, 403, "link_expired")
	}
	c.advance(w.box, 9*time.Hour)
	w.get(link, nil).wants(t, "the link of this morning", 403, "link_expired")
	if fresh := v.history()[0].File.URL; w.get(fresh, nil).status != http.StatusOK {
		t.Error("reading the message again gives no link that works")
	}

	// The chats service's link: alive, for GET and HEAD, and nothing near it.
	w.eventually("the file over there", func() bool { return len(w.box.Downloads()) == 1 })
	lasting, _ := strings.CutPrefix(w.box.Downloads()[0].URL, chatURL)
	if a := w.get(lasting, nil); a.status != http.StatusOK || sha(a.body) != sha(data) || a.header.Get("Set-Cookie") != "" {
		t.Errorf("the lasting link: %d", a.status)
	}
	key := strings.Split(lasting, "/")[2]
	other1 := "a" + key[1:]
	if other1 == key {
		other1 = "b" + key[1:]
	}
	for name, bad := range map[string]string{
		"another key": "/f/" + other1 + "/voice.ogg", "a short key": "/f/" + key[:31] + "/voice.ogg", "a long key": "/f/" + key + "a/voice.ogg",
		"capitals": "/f/" + strings.ToUpper(key) + "/voice.ogg", "a file's id": "/f/" + f.ID + "/voice.ogg", "a way out": "/f/..%2f..%2f" + key + "/x",
	} {
		w.get(bad, nil).wants(t, name, 404, "not_found")
	}
	if strings.Contains(w.logs.String(), key) || strings.Contains(w.logs.String(), u.Query().Get("s")) {
		t.Error("the log holds a key or a signature")
	}
}

// TestUploadRefusals: docs/http-api.md, POST /v1/files; nothing stays behind (SEC-9, SEC-10).
func TestUploadRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, config: func(c *config.Config) {
		c.Media.MaxPictureMB, c.Media.MaxAudioMB, c.Media.MaxVideoMB, c.Media.MaxFileMB = 1, 1, 2, 2
	}})
	v := w.visit(w.connected())
	pixels := sample(t, "small.gif")
	post := func(header map[string]string, body string) answer {
		return w.send("POST", chatURL+"/v1/files", header, body)
	}
	with := func(k, val string) map[string]string {
		h := v.auth()
		h[k] = val
		return h
	}
	post(nil, string(pixels)).wants(t, "no token", 401, "token_missing")
	post(map[string]string{"Authorization": "Bearer " + forge(v.token)}, string(pixels)).wants(t, "a forged token", 401, "token_invalid")
	post(with("Origin", shopURL), string(pixels)).wants(t, "a foreign page", 403, "origin_not_trusted")
	post(with("X-File-Name", "%zz"), string(pixels)).wants(t, "a name that is not encoded", 422, "invalid_request")
	post(with("X-File-Name", strings.Repeat("a", 1025)), string(pixels)).wants(t, "a long name", 422, "invalid_request")
	big := append(slices.Clone(pixels), make([]byte, 1<<20)...)
	v.put("big.gif", "", big).wants(t, "a picture of more than 1 MB", 413, "file_too_large")
	if a := v.put("big.gif", "", big); !strings.Contains(string(a.body), "1 MB") {
		t.Errorf("the refusal does not say how much is allowed: %s", a.body)
	}
	v.put("big.bin", "", make([]byte, 2<<20+1)).wants(t, "more than anything may have", 413, "file_too_large")
	v.put("page.html", "", []byte("<!doctype html><script>alert(1)</script>")).wants(t, "a page", 422, "file_type_refused")
	v.put("cat.png", "", []byte("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")).wants(t, "a drawing that says to be a picture", 422, "file_type_refused")
	v.put("setup.pdf", "", append([]byte("MZ\x90\x00"), make([]byte, 512)...)).wants(t, "a program that says to be a document", 422, "file_type_refused")
	v.put("half.jpg", "", sample(t, "wide.jpg")[:600]).wants(t, "half a picture", 422, "file_broken")
	v.put("none.txt", "", nil).wants(t, "an empty file", 422, "file_empty")

	// Chunked: how long it will be must be known.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, chatURL+"/v1/files", struct{ *bytes.Reader }{bytes.NewReader(pixels)})
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = -1
	req.Header.Set("Authorization", "Bearer "+v.token)
	res, err := w.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusLengthRequired {
		t.Errorf("no Content-Length: %d", res.StatusCode)
	}
	if n := w.blobs(); len(n) != 0 {
		t.Errorf("refused files stay in the store: %q", n)
	}

	// Twenty wait at most; the one too many stays nowhere.
	var last answer
	n := 0
	for ; n < 40; n++ {
		if last = v.put("small.gif", "", pixels); last.status != http.StatusOK {
			break
		}
	}
	last.wants(t, "the one too many", 429, "too_many_files")
	if got := len(w.blobs()); n == 0 || n > 20 || got != 2*n {
		t.Errorf("%d files were taken, %d blobs stand in the store (each has a thumbnail)", n, got)
	}
	if a := w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(adminID), map[string]string{}); a.status != http.StatusOK {
		t.Fatal(string(a.body))
	}
	w.visit2(v).put("small.gif", "", pixels).wants(t, "a disconnected account", 403, "chat_unavailable")
}

// visit2 is another visitor of the same chat whose budget is whole.
func (w *world) visit2(v *visitor) *visitor {
	w.t.Helper()
	c := claims(w.t, v.token)
	token, err := w.tokens().Visitor(auth.Visitor{Account: chatid.AccountID(c.Account), Chat: chatid.ChatID(c.Chat), Visitor: chatid.VisitorID(uuidN(4711))})
	if err != nil {
		w.t.Fatal(err)
	}
	return &visitor{w: w, base: chatURL, button: v.button, token: token}
}

// TestSessionTellsWhatMayBeUploaded: docs/http-api.md, `uploads`.
func TestSessionTellsWhatMayBeUploaded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, config: func(c *config.Config) { c.Media.MaxVideoMB = 7 }})
	s := w.site()
	_, a := s.open("", "")
	var got struct {
		Uploads struct {
			MaxBytes map[string]int64 `json:"max_bytes"`
			Accept   string
		}
	}
	a.into(t, &got)
	for _, kind := range []string{"picture", "video", "voice", "audio", "file"} {
		if got.Uploads.MaxBytes[kind] <= 0 {
			t.Errorf("nothing is said of %s", kind)
		}
	}
	if got.Uploads.MaxBytes["video"] != 7<<20 || !strings.Contains(got.Uploads.Accept, "image/jpeg") || strings.Contains(got.Uploads.Accept, "html") {
		t.Errorf("uploads %+v", got.Uploads)
	}
}

// TestUnsentFilesGo: after a day (docs/http-api.md), row and bytes; sent ones stay.
func TestUnsentFilesGo(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	v := w.visit(w.connected())
	pixels := sample(t, "small.gif")
	kept := v.upload("kept.gif", "", pixels)
	v.say(map[string]any{"client_id": uuidN(1), "file_id": kept.ID})
	gone := v.upload("gone.gif", "", pixels)
	if n := len(w.blobs()); n != 4 {
		t.Fatalf("%d blobs", n)
	}
	if n, err := w.app.unsent.sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("swept %d at once, %v", n, err)
	}
	c.advance(w.box, 25*time.Hour)
	if n, err := w.app.unsent.sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d after a day, %v; want the one that was not sent", n, err)
	}
	if n := len(w.blobs()); n != 2 {
		t.Errorf("%d blobs stay, want the sent picture and its thumbnail", n)
	}
	w.send("POST", chatURL+"/v1/messages", v.auth(), map[string]any{"client_id": uuidN(2), "file_id": gone.ID}).wants(t, "the one that is gone", 422, "no_such_file")
	if f := v.history()[0].File; w.get(f.URL, nil).status != http.StatusOK {
		t.Error("the sent picture is gone")
	}
}

// onS3 keeps a world's files in a bucket of a real server.
func onS3(t *testing.T) func(*config.Config) {
	t.Helper()
	b := s3test.Bucket(t, "app")
	return func(c *config.Config) {
		c.Media.S3 = config.S3{Endpoint: b.Endpoint, Bucket: b.Bucket, Key: b.Key, Secret: b.Secret, Region: b.Region, PathStyle: true}
	}
}

func TestFilesToTheCRMOverS3(t *testing.T) {
	t.Parallel()
	filesToTheCRM(t, setup{login: true, config: onS3(t)})
}

func TestFilesFromTheCRMOverS3(t *testing.T) {
	t.Parallel()
	filesFromTheCRM(t, setup{config: onS3(t)})
}
