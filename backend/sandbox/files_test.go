package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"
)

// pngOf is a picture of one colour.
func pngOf(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = byte(200 - i%4*30)
	}
	img.Set(0, 0, color.White)
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// withMessage is a client's message with another body and further payload.
func withMessage(msgid, message string, payload ...string) string {
	body := strings.Replace(text(msgid, "c-1", "x"), `{"type":"text","text":"x"}`, message, 1)
	for _, p := range payload {
		body = strings.Replace(body, `"silent":false`, p+`,"silent":false`, 1)
	}
	return body
}

func (b *bench) download(n int) Download {
	b.t.Helper()
	b.wait("the download", func() bool {
		list := b.box.Downloads()
		return len(list) >= n && list[n-1].Outcome != "waiting"
	})
	return b.box.Downloads()[n-1]
}

// TestDownloads is C §3.4.4 and §9.22: media is fetched after the answer, by GET,
// without cookies; whatever comes of it, the message stays.
func TestDownloads(t *testing.T) {
	t.Parallel()
	picture := pngOf(t, 20, 10)
	sum := sha256.Sum256(picture)
	for _, tt := range []struct {
		name    string
		answer  func(http.ResponseWriter, *http.Request)
		message string
		vars    func(*Variants)
		outcome string
		breach  bool
	}{
		{name: "a picture", answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(picture) }, outcome: "fetched"},
		{name: "another size than file_size", answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(picture[:9]) }, outcome: "failed", breach: true},
		{name: "behind a login", answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, outcome: "failed", breach: true},
		{name: "a page in place of the picture", answer: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<html>" + strings.Repeat(" ", len(picture)-6)))
		}, outcome: "failed", breach: true},
		{name: "a server that is down", answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, outcome: "failed"},
		{name: "a cut connection", answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, outcome: "failed"},
		{name: "a redirect, not followed", answer: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/other", http.StatusFound)
		}, outcome: "failed", breach: true},
		{name: "a redirect, followed as switched on", answer: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/other" {
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
				http.Redirect(w, r, "/other", http.StatusFound)
				return
			}
			_, _ = w.Write(picture)
		}, vars: func(v *Variants) { v.FetchRedirects = true }, outcome: "fetched"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.rc.answer = func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.Header.Get("Cookie") != "" || r.Header.Get("Authorization") != "" {
					t.Errorf("fetched by %s with %v", r.Method, r.Header)
				}
				tt.answer(w, r)
			}
			if tt.vars != nil {
				b.box.SetVariants(tt.vars)
			}
			b.connect()
			message := fmt.Sprintf(`{"type":"picture","media":"https://files.example.org/f/77.png","file_name":"77.png","file_size":%d}`, len(picture))
			b.must(amojo("POST", testScope, withMessage("m-1", message)), 200)
			d := b.download(1)
			if d.Outcome != tt.outcome || d.Kind != "media" {
				t.Errorf("download %+v, want %s", d, tt.outcome)
			}
			if tt.outcome == "fetched" && (d.SHA256 != hex.EncodeToString(sum[:]) || d.Bytes != int64(len(picture))) {
				t.Errorf("download %+v", d)
			}
			if got := len(b.box.Breaches()) > 0; got != tt.breach {
				t.Errorf("breaches %+v", b.box.Breaches())
			}
			if m := b.box.Messages(testAccount); len(m) != 1 || m[0].Media != "https://files.example.org/f/77.png" {
				t.Errorf("the message did not stay: %+v", m)
			}
		})
	}
}

// TestAvatarsArePictures: an avatar is fetched once per link (C §3.4.3).
func TestAvatarsArePictures(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	picture := pngOf(t, 8, 8)
	b.rc.answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(picture) }
	b.connect()
	with := func(msgid string) string {
		return strings.Replace(text(msgid, "c-1", "Hello"), `"name":"Анна"`, `"name":"Анна","avatar":"https://files.example.org/a.png"`, 1)
	}
	b.must(amojo("POST", testScope, with("m-1")), 200)
	b.must(amojo("POST", testScope, with("m-2")), 200)
	if d := b.download(1); d.Kind != "avatar" || d.Outcome != "fetched" || d.ContentType == "" {
		t.Errorf("download %+v", d)
	}
	if n := len(b.box.Downloads()); n != 1 {
		t.Errorf("%d downloads, want one", n)
	}
	b.noBreach()
	b.must(amojo("POST", testScope, strings.Replace(with("m-3"), "https://files", "ftp://files", 1)), 400)
}

func (b *bench) fetch(link string, want int) answer {
	b.t.Helper()
	return b.must(request("GET", link, ""), want)
}

// TestUploads is C §4.3: an operator's file has a link on the chats service's
// host, pictures and video have a thumbnail of at most 320x200.
func TestUploads(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	picture := pngOf(t, 800, 400)
	c, err := b.box.Upload(testAccount, "Чек (1).png", "application/octet-stream", "", picture)
	if err != nil {
		t.Fatal(err)
	}
	if c.Type != "picture" || c.FileName != "Чек (1).png" || c.FileSize != int64(len(picture)) || !strings.HasPrefix(c.Media, "https://amojo.amocrm.ru/attachments/") {
		t.Errorf("content %+v", c)
	}
	got := b.fetch(c.Media, 200)
	if !bytes.Equal(got.body, picture) || got.header.Get("Content-Type") != "image/png" || got.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d bytes, header %v", len(got.body), got.header)
	}
	small, kind, err := image.DecodeConfig(bytes.NewReader(b.fetch(c.Thumbnail, 200).body))
	if err != nil || kind != "jpeg" || small.Width != 320 || small.Height != 160 {
		t.Errorf("thumbnail %+v %s %v, want 320x160", small, kind, err)
	}
	m, err := b.box.OperatorSend(testAccount, chat, 0, c)
	if err != nil {
		t.Fatal(err)
	}
	b.waitHooks(1)
	hook := answer{body: b.rc.all()[0].Body}
	if hook.field(t, "message", "message", "media") != c.Media || hook.field(t, "message", "message", "thumbnail") != c.Thumbnail || m.FileSize != c.FileSize {
		t.Errorf("hook %s", hook.body)
	}
	for kind, in := range map[string][3]string{
		"file": {"list.pdf", "application/pdf", "%PDF-1.4"}, "audio": {"a.mp3", "audio/mpeg", "ID3\x03"},
		"video": {"a.mp4", "video/mp4", "\x00\x00\x00\x18ftypmp42"},
	} {
		got, err := b.box.Upload(testAccount, in[0], in[1], "", []byte(in[2]))
		if err != nil || got.Type != kind || (got.Thumbnail != "") != (kind == "video") {
			t.Errorf("%s: %+v %v", kind, got, err)
		}
	}
	page, err := b.box.Upload(testAccount, "x.html", "text/html", "file", []byte("<html><script>1</script>"))
	if err != nil {
		t.Fatal(err)
	}
	if h := b.fetch(page.Media, 200).header; !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
		t.Errorf("an active file is shown: %v", h)
	}
	b.noBreach()
}

// TestMediaLinks are the variants of C §4.3: need of authorisation and lifetime are not documented.
func TestMediaLinks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, err := b.box.Upload(testAccount, "a.pdf", "application/pdf", "", []byte("%PDF-1.4"))
	if err != nil {
		t.Fatal(err)
	}
	b.fetch(c.Media+"x", 404)
	b.box.SetVariants(func(v *Variants) { v.MediaLinks = "denied" })
	b.fetch(c.Media, 401)
	b.box.SetVariants(func(v *Variants) { v.MediaLinks, v.MediaLinkSeconds = "expire", 60 })
	b.fetch(c.Media, 200)
	b.box.Advance(61 * time.Second)
	b.fetch(c.Media, 403)
	b.box.SetVariants(func(v *Variants) { v.MediaLinks = "redirect" })
	to := b.fetch(c.Media, 302).header.Get("Location")
	b.fetch("https://amojo.amocrm.ru"+to, 200)
	b.noBreach()
}

// TestKommoAttachments: Kommo's links have another form (C §4.3).
func TestKommoAttachments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, err := b.box.Upload(31000009, "a.pdf", "application/pdf", "", []byte("%PDF-1.4"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(c.Media, "https://amojo.kommo.com/v2/88888888-61f3-4f0a-8b27-93c5e0a4d6b2/attachments/") {
		t.Errorf("link %s", c.Media)
	}
	b.fetch(c.Media, 200)
}

// TestFilesOutliveARestart: uploads are kept beside the snapshot.
func TestFilesOutliveARestart(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/state.json"
	b := startBench(t, testConfig(), path)
	c, err := b.box.Upload(testAccount, "a.pdf", "application/pdf", "", []byte("%PDF-1.4"))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.box.Close(); err != nil {
		t.Fatal(err)
	}
	again := startBench(t, testConfig(), path)
	if got := again.fetch(c.Media, 200); string(got.body) != "%PDF-1.4" {
		t.Errorf("body %q", got.body)
	}
}
