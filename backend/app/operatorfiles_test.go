package app

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"leadline/backend/config"
	"leadline/backend/media"
	"leadline/backend/sandbox"
)

// gate holds every connection to files from outside until it is opened.
type gate struct {
	open func()
	set  func(*media.FetchConfig)
}

func newGate() gate {
	held := make(chan struct{})
	return gate{open: sync.OnceFunc(func() { close(held) }), set: func(c *media.FetchConfig) {
		connect := c.Connect
		c.Connect = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			select {
			case <-held:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			return connect(ctx, to)
		}
	}}
}

// withFile are the operators' messages whose file is in a state.
func (l *listener) withFile(state string) (found []message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.byID {
		if m.Direction == "outbound" && m.File != nil && m.File.State == state {
			found = append(found, m)
		}
	}
	return found
}

// TestFilesFromTheCRM: an operator's file is announced, fetched, shown with the very
// same bytes, and counts as delivered only then (C §3.5, §4.3).
func TestFilesFromTheCRM(t *testing.T) {
	t.Parallel()
	filesFromTheCRM(t, setup{})
}

func TestFilesFromTheCRMOnPostgres(t *testing.T) {
	t.Parallel()
	filesFromTheCRM(t, setup{config: onPostgres(t)})
}

func filesFromTheCRM(t *testing.T, s setup) {
	g := newGate()
	s.fetch = g.set
	t.Cleanup(g.open)
	w, v, chat := opened(t, s)
	stream := v.listen()
	data := sample(t, "wide.jpg")
	content, err := w.box.Upload(accountID, "цена.jpg", "image/jpeg", "", data)
	if err != nil {
		t.Fatal(err)
	}
	content.Text = "our offer"
	said, err := w.box.OperatorSend(accountID, chat.ID, agentID, content)
	if err != nil {
		t.Fatal(err)
	}
	w.until("the file on its way", func() bool { return len(stream.withFile("loading")) == 1 })
	m := stream.withFile("loading")[0]
	if m.Text != "our offer" || m.Kind != "picture" || m.File.URL != "" || m.File.ThumbURL != "" || m.Status != "sent" {
		t.Errorf("while it loads the visitor has %+v, file %+v", m, m.File)
	}
	// The browser has the message, but nobody has seen the picture.
	v.receipt(m.Seq, m.Seq)
	after, err := w.box.OperatorSay(accountID, chat.ID, "and a word")
	if err != nil {
		t.Fatal(err)
	}
	w.until("a later word, which waits for no file", func() bool { _, ok := stream.find("and a word"); return ok })
	later, _ := stream.find("and a word")
	v.receipt(later.Seq, m.Seq)
	w.eventually("the later word's status", func() bool { m, _ := w.box.Message(after.ID); return m.Status == 1 })
	if m, _ := w.box.Message(said.ID); len(m.Statuses) != 0 {
		t.Errorf("statuses %v were reported of a picture that is not here", m.Statuses)
	}

	g.open()
	w.until("the picture", func() bool { return len(stream.withFile("ready")) == 1 })
	m = stream.withFile("ready")[0]
	if m.Kind != "picture" || m.File.Type != "image/jpeg" || m.File.Name != "цена.jpg" || m.File.Bytes != int64(len(data)) || m.File.Width == 0 || m.File.ThumbURL == "" {
		t.Errorf("the visitor has %+v", m.File)
	}
	if a := w.get(m.File.URL, nil); a.status != http.StatusOK || sha(a.body) != sha(data) {
		t.Errorf("by its link: %d, %d bytes", a.status, len(a.body))
	}
	if a := w.get(m.File.ThumbURL, nil); a.status != http.StatusOK || len(a.body) == 0 || len(a.body) >= 200<<10 {
		t.Errorf("its thumbnail: %d, %d bytes", a.status, len(a.body))
	}
	w.eventually("what the browser saw meanwhile", func() bool { m, _ := w.box.Message(said.ID); return m.Status == 2 })
	if m, _ := w.box.Message(said.ID); !slices.Equal(m.Statuses, []int64{2}) {
		t.Errorf("statuses %v reached the CRM", m.Statuses)
	}
	w.noBreaches()
}

// TestAlbumFromTheCRM: files of one album share a group, in either order of hooks,
// also over links that redirect (C §4.3).
func TestAlbumFromTheCRM(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	w.box.SetVariants(func(x *sandbox.Variants) { x.AlbumReversed, x.MediaLinks = true, "redirect" })
	var files []sandbox.Content
	want := map[string]string{}
	for _, f := range []struct{ name, sample, typ, kind string }{
		{"a.jpg", "wide.jpg", "image/jpeg", "picture"}, {"b.mp4", "film.mp4", "video/mp4", "video"}, {"c.ogg", "opus.ogg", "audio/ogg", "voice"},
	} {
		kind := ""
		if f.kind == "voice" {
			kind = "voice"
		}
		c, err := w.box.Upload(accountID, f.name, f.typ, kind, sample(t, f.sample))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, c)
		want[f.kind] = sha(sample(t, f.sample))
	}
	if _, err := w.box.OperatorAlbum(accountID, chat.ID, agentID, "three of them", files); err != nil {
		t.Fatal(err)
	}
	var got []message
	w.until("three files", func() bool {
		got = nil
		for _, m := range v.all() {
			if m.File != nil && m.File.State == "ready" {
				got = append(got, m)
			}
		}
		return len(got) == 3
	})
	for _, m := range got {
		if m.Group == "" || m.Group != got[0].Group {
			t.Errorf("%s is in the group %q", m.File.Name, m.Group)
		}
		if a := w.get(m.File.URL, nil); sha(a.body) != want[m.Kind] {
			t.Errorf("the %s has other bytes", m.Kind)
		}
	}
	w.noBreaches()
}

// TestFilesThatCannotBeHad: the operator is told -1/905 and why; the visitor sees
// that there was a file (C §3.5).
func TestFilesThatCannotBeHad(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{config: func(c *config.Config) {
		c.Media.MaxPictureMB, c.Media.MaxFileMB, c.Media.MaxVideoMB, c.Media.MaxAudioMB = 1, 2, 1, 1
	}})
	stream := v.listen()
	upload := func(name, typ string, size int, head []byte) string {
		c, err := w.box.Upload(accountID, name, typ, "", append(slices.Clone(head), make([]byte, size)...))
		if err != nil {
			t.Fatal(err)
		}
		return c.Media
	}
	const too, gone = "too large", "could not be fetched"
	sent := map[string]string{} // id → what the text must say
	for _, c := range []struct{ name, kind, media, says string }{
		{"more than a picture may have", "picture", upload("big.gif", "image/gif", 1<<20, sample(t, "small.gif")), too},
		{"more than anything may have", "file", upload("big.bin", "application/octet-stream", 2<<20+1, []byte("x")), too},
		{"not there", "picture", "https://amojo.amocrm.ru/attachments/nothing.jpg", gone},
		{"this machine", "picture", "https://127.0.0.1/cat.jpg", gone},
		{"a private network", "picture", "https://10.1.2.3/cat.jpg", gone},
		{"a metadata service", "file", "https://169.254.169.254/latest/meta-data", gone},
		{"plain http", "file", "http://amojo.amocrm.ru/attachments/cat.jpg", gone},
		{"another port", "file", "https://amojo.amocrm.ru:8443/attachments/cat.jpg", gone},
	} {
		m, err := w.box.OperatorSend(accountID, chat.ID, agentID, sandbox.Content{Type: c.kind, Media: c.media, Text: c.name, FileName: "cat.jpg"})
		if err != nil {
			t.Fatal(c.name, err)
		}
		sent[m.ID] = c.says
	}
	for id, says := range sent {
		w.eventually("a report", func() bool { m, _ := w.box.Message(id); return m.Status == -1 })
		m, _ := w.box.Message(id)
		if m.ErrorCode != 905 || !strings.Contains(m.Error, says) || !slices.Equal(m.Statuses, []int64{-1}) {
			t.Errorf("%s: statuses %v, code %d, %q; want -1 once, 905 and %q", m.Text, m.Statuses, m.ErrorCode, m.Error, says)
		}
	}
	w.until("all of them failed for the visitor", func() bool { return len(stream.withFile("failed")) == len(sent) })
	for _, m := range stream.withFile("failed") {
		if m.File.URL != "" || m.Status != "sent" || m.Error != nil {
			t.Errorf("the visitor is told %+v of %q", m.Error, m.Text)
		}
		v.receipt(m.Seq, m.Seq) // changes nothing: -1 is final
	}
	if n := w.blobs(); len(n) != 0 {
		t.Errorf("something stays in the store: %q", n)
	}
	w.noBreaches()
}

// TestFetchGoesOnAfterARestart: a file that was on its way when the server stopped
// arrives afterwards, once.
func TestFetchGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	g := newGate()
	t.Cleanup(g.open)
	w, v, chat := opened(t, setup{fetch: g.set})
	content, err := w.box.Upload(accountID, "wide.jpg", "image/jpeg", "", sample(t, "wide.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.box.OperatorSend(accountID, chat.ID, agentID, content); err != nil {
		t.Fatal(err)
	}
	w.until("the message", func() bool { return len(v.all()) == 2 })
	began := time.Now()
	w.stopApp()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("a file on its way held the stop for %s", took)
	}
	g.open()
	w.restart()
	w.until("the picture", func() bool { m := v.all(); return len(m) == 2 && m[1].File.State == "ready" })
	if n := len(w.blobs()); n != 2 {
		t.Errorf("%d blobs, want the picture and its thumbnail", n)
	}
	w.noBreaches()
}
