package app

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // what copies are
	"net/http"
	"strings"
	"testing"
	"time"

	"leadline/backend/onlinechat"
	"leadline/backend/sandbox"
)

// avatarIn is the avatar of the operator's message with a text, as the visitor's
// history has it; there is false while it has no such message.
func (v *visitor) avatarIn(text string) (link string, there bool) {
	v.w.t.Helper()
	for _, m := range v.history() {
		if m.Text == text && m.Author != nil {
			return m.Author.Avatar, true
		}
	}
	return "", false
}

// operators counts those that we know, and those whose picture we have.
func (w *world) operators() (known, copied int) {
	w.t.Helper()
	a, _ := w.account()
	list, err := w.app.store.Accounts().Operators(w.t.Context(), a.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, o := range list {
		if o.Copied != "" {
			copied++
		}
	}
	return len(list), copied
}

// fileOf is the part of a link that stays the same.
func fileOf(link string) string {
	path, _, _ := strings.Cut(link, "?")
	return path
}

// ground is the colour of a picture's corner, near enough for JPEG.
func ground(t *testing.T, data []byte) string {
	t.Helper()
	p, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if size := p.Bounds().Size(); size != image.Pt(96, 96) {
		t.Errorf("a copy of %v pixels", size)
	}
	r, g, b, _ := p.At(0, 0).RGBA()
	return fmt.Sprintf("%x%x%x", (r>>8+8)>>4, (g>>8+8)>>4, (b>>8+8)>>4)
}

func withAvatars(avatars ...string) func(*sandbox.Config) {
	return func(c *sandbox.Config) {
		for i, a := range avatars {
			c.Accounts[0].Users[i].Avatar = a
		}
	}
}

// TestAvatarsOfOperators: a visitor sees the picture that the operator has in the
// CRM, from our own host; another one when it changes, none when it is taken away.
func TestAvatarsOfOperators(t *testing.T) {
	t.Parallel()
	avatarsOfOperators(t, setup{})
}

func TestAvatarsOfOperatorsOnPostgres(t *testing.T) {
	t.Parallel()
	avatarsOfOperators(t, setup{config: onPostgres(t)})
}

func avatarsOfOperators(t *testing.T, s setup) {
	t.Helper()
	var c clock
	s.now, s.sandbox = c.now, withAvatars("", "#4070d0")
	w, v, chat := following(t, s)
	says := func(user int64, text string) {
		t.Helper()
		if _, err := w.box.OperatorSend(accountID, chat.ID, user, sandbox.Content{Type: "text", Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	says(agentID, "from Vera")
	says(adminID, "from Oleg")
	w.until("the avatar", func() bool { link, _ := v.avatarIn("from Vera"); return link != "" })
	w.until("the other operator's message", func() bool { _, there := v.avatarIn("from Oleg"); return there })
	first, _ := v.avatarIn("from Vera")
	if link, _ := v.avatarIn("from Oleg"); link != "" {
		t.Errorf("one without a picture has %s", link)
	}
	a := w.get(first, nil)
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "image/jpeg" || a.header.Get("Content-Disposition") != "inline" || ground(t, a.body) != "47d" {
		t.Errorf("the picture: %d %v", a.status, a.header)
	}
	if got := w.get(fileOf(first), nil); got.status != http.StatusForbidden || got.code() != "link_expired" {
		t.Errorf("without a signature: %d %s", got.status, got.body)
	}
	// The stream brings it with the message.
	stream := v.listen()
	says(agentID, "once more")
	w.until("the message", func() bool { _, ok := stream.find("once more"); return ok })
	if m, _ := stream.find("once more"); m.Author == nil || fileOf(m.Author.Avatar) != fileOf(first) {
		t.Errorf("on the stream: author %+v", m.Author)
	}

	namelessThrough(t, w, v, says) // SET-4

	if err := w.box.SetAvatar(accountID, agentID, "#d04040"); err != nil {
		t.Fatal(err)
	}
	c.advance(w.box, 25*time.Hour)
	w.until("the new picture", func() bool { link, _ := v.avatarIn("from Vera"); return link != "" && fileOf(link) != fileOf(first) })
	second, _ := v.avatarIn("from Vera")
	if got := w.get(second, nil); got.status != http.StatusOK || ground(t, got.body) != "d44" {
		t.Errorf("the new picture: %d", got.status)
	}
	if got := w.get(first, nil); got.status != http.StatusForbidden {
		t.Errorf("the former one: %d", got.status)
	}
	w.until("the former bytes to go", func() bool { return len(w.blobs()) == 1 })

	if err := w.box.SetAvatar(accountID, agentID, ""); err != nil {
		t.Fatal(err)
	}
	c.advance(w.box, 25*time.Hour)
	w.until("no picture", func() bool { link, there := v.avatarIn("from Vera"); return there && link == "" })
	w.until("no bytes", func() bool { return len(w.blobs()) == 0 })
	w.noBreaches()
}

// namelessThrough is SET-4: where the owner of a button wants it, neither the name nor
// the picture of who answers, quotes or types leaves the server.
func namelessThrough(t *testing.T, w *world, v *visitor, says func(int64, string)) {
	t.Helper()
	a := w.authorised()
	buttons, err := w.app.chats.Buttons(t.Context(), a.ID)
	if err != nil || len(buttons) == 0 {
		t.Fatal(buttons, err)
	}
	look := buttons[0].Look
	look.UseName = false
	set := func(l onlinechat.Look) {
		t.Helper()
		if err := w.app.chats.SetLook(t.Context(), a.ID, buttons[0].Key, l); err != nil {
			t.Fatal(err)
		}
	}
	set(look)
	stream := v.listen()
	says(agentID, "from nobody")
	w.until("the message", func() bool { _, ok := stream.find("from nobody"); return ok })
	onStream, _ := stream.find("from nobody")
	inHistory := v.history()
	for _, m := range append(inHistory, onStream) {
		if m.Author != nil {
			t.Errorf("%q is told to be by %+v", m.Text, *m.Author)
		}
	}
	if onStream.ID == "" || len(inHistory) < 4 {
		t.Errorf("the stream brought %+v, the history %d messages", onStream, len(inHistory))
	}
	look.UseName = true
	set(look)
	if m, _ := v.avatarIn("from nobody"); m == "" {
		t.Error("names stay away when they are wanted again")
	}
}

// TestAvatarsThatCannotBeHad: the visitor sees initials, and nothing else suffers.
func TestAvatarsThatCannotBeHad(t *testing.T) {
	t.Parallel()
	const secret = "secret-of-the-picture"
	bad := []string{
		"https://democo.amocrm.ru/inbox/?" + secret, // a page
		"https://democo.amocrm.ru/avatars/1/000000.png?" + secret,
		"https://nobody.invalid/a.png?" + secret,
		"https://10.0.0.1/a.png?" + secret,
		"https://127.0.0.1/a.png?" + secret,
		"https://[::1]/a.png?" + secret,
		"https://169.254.169.254/latest/meta-data?" + secret,
		"http://democo.amocrm.ru/avatars/9000002/4070d0.png?" + secret, // not over TLS
		"https://democo.amocrm.ru:8443/a.png?" + secret,
	}
	var c clock
	w, v, chat := following(t, setup{now: c.now, sandbox: func(c *sandbox.Config) {
		withAvatars("", "#4070d0")(c)
		for i, link := range bad {
			c.Accounts[0].Users = append(c.Accounts[0].Users, sandbox.User{ID: int64(9000100 + i), Name: "Agent " + fmt.Sprint(i), Avatar: link})
		}
	}})
	tooLarge, err := w.box.Upload(accountID, "large.gif", "image/gif", "", append(sample(t, "small.gif"), make([]byte, 2<<20)...))
	if err != nil {
		t.Fatal(err)
	}
	w.until("all to be tried", func() bool { return strings.Count(w.logs.String(), "fetch avatar") == len(bad) })
	u, _ := w.box.AddUser(accountID, sandbox.User{Name: "Agent Large", Avatar: tooLarge.Media})
	c.advance(w.box, 25*time.Hour)
	w.until("the next day's", func() bool { return strings.Count(w.logs.String(), "fetch avatar") == 2*len(bad)+1 })
	for _, user := range []int64{9000100, 9000108, u.ID, agentID} {
		if _, err := w.box.OperatorSend(accountID, chat.ID, user, sandbox.Content{Type: "text", Text: fmt.Sprint("from ", user)}); err != nil {
			t.Fatal(err)
		}
	}
	w.until("the good one", func() bool { link, _ := v.avatarIn(fmt.Sprint("from ", agentID)); return link != "" })
	for _, user := range []int64{9000100, 9000108, u.ID} {
		w.until("the message", func() bool { _, there := v.avatarIn(fmt.Sprint("from ", user)); return there })
		if link, _ := v.avatarIn(fmt.Sprint("from ", user)); link != "" {
			t.Errorf("user %d has the avatar %s", user, link)
		}
	}
	for reason, times := range map[string]int{"refused address": 12, "bad status 404": 2, "unreachable": 2, "file_type_refused": 2, "too large": 1} {
		if n := strings.Count(w.logs.String(), reason); n != times {
			t.Errorf("%d were not had: %s, want %d", n, reason, times)
		}
	}
	if strings.Contains(w.logs.String(), secret) {
		t.Error("an address of a picture stands in the log")
	}
	if n := len(w.blobs()); n != 1 {
		t.Errorf("%d files are kept", n)
	}
	w.noBreaches()
}

// TestFormsOfAvatars: the field is not documented.
func TestFormsOfAvatars(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		form string
		want bool
	}{{"path", true}, {"null", false}, {"absent", false}} {
		t.Run(tt.form, func(t *testing.T) {
			t.Parallel()
			w, v, chat := following(t, setup{sandbox: func(c *sandbox.Config) {
				withAvatars("", "#4070d0")(c)
				c.Variants.UserAvatar = tt.form
			}})
			w.until("the operators", func() bool {
				known, copied := w.operators()
				return known == 2 && (!tt.want || copied == 1)
			})
			if _, err := w.box.OperatorSend(accountID, chat.ID, agentID, sandbox.Content{Type: "text", Text: "Hi"}); err != nil {
				t.Fatal(err)
			}
			w.until("the message", func() bool { _, there := v.avatarIn("Hi"); return there })
			if link, _ := v.avatarIn("Hi"); (link != "") != tt.want {
				t.Errorf("avatar %q", link)
			}
			w.noBreaches()
		})
	}
}
