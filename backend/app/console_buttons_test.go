package app

import (
	"bytes"
	"html"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"leadline/backend/chatid"
	"leadline/backend/onlinechat"
)

// lookForm is what the form of O §6.2 sends for the usual look, with changes.
func (g *guest) lookForm(page string, changes ...string) url.Values {
	g.w.t.Helper()
	f := g.form(page, url.Values{
		"button_name": {"Shop"}, "color": {"#0b6bcb"}, "cross": {"white"}, "size": {"60"}, "radius": {"35"}, "animation": {"none"},
		"position": {"bottom-right"}, "fixed": {"1"}, "x_offset": {"20"}, "y_offset": {"20"}, "x_offset_m": {"20"}, "y_offset_m": {"20"},
		"orientation": {"horizontal"}, "bubble": {"1"}, "greeting": {""}, "use_header": {"1"}, "chat_header": {""}, "use_name": {"1"}, "auto_open": {"never"},
	})
	for i := 0; i < len(changes); i += 2 {
		f.Set(changes[i], changes[i+1])
	}
	return f
}

func (w *world) look(button string) onlinechat.Button {
	w.t.Helper()
	b, err := w.app.chats.Button(w.t.Context(), chatid.ButtonKey(button))
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// TestConsoleButton: O §6.2, each field in its range, and what is wrong stands beside it.
func TestConsoleButton(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: withSecondAccount})
	button, hash := w.connected()
	_, second := w.second()
	w.until("the second account", func() bool { return second().State == "connected" })
	g, agent := w.guest(adminID), w.guest(agentID)
	page := g.root + "/buttons/" + button
	g.shows(g.get(page), 200, "The button")
	before := w.look(button)

	for name, tt := range map[string]struct{ field, value, beside string }{
		"a name of 121 characters":      {"button_name", strings.Repeat("n", 121), `id="button_name-error"`},
		"a colour in words":             {"color", "red", `id="color-error"`},
		"too small":                     {"size", "39", `id="size-error"`},
		"too large":                     {"size", "71", `id="size-error"`},
		"too round":                     {"radius", "36", `id="radius-error"`},
		"too far from the side":         {"x_offset", "501", `id="x_offset-error"`},
		"too far from the bottom":       {"y_offset", "251", `id="y_offset-error"`},
		"too far on phones":             {"x_offset_m", "501", `id="x_offset_m-error"`},
		"above the page on phones":      {"y_offset_m", "-1", `id="y_offset_m-error"`},
		"an animation that is none":     {"animation", "dance", `id="animation-error"`},
		"a corner that is none":         {"position", "middle", `id="position-error"`},
		"a greeting of 71 characters":   {"greeting", strings.Repeat("g", 71), `id="greeting-error"`},
		"a title of 71 characters":      {"chat_header", strings.Repeat("t", 71), `id="chat_header-error"`},
		"opening by itself at midnight": {"auto_open", "midnight", `id="auto_open-error"`},
	} {
		a := g.post(page+"/look", g.lookForm(page, tt.field, tt.value, "chat_header", map[bool]string{true: tt.value, false: "Kept as typed"}[tt.field == "chat_header"]))
		g.shows(a, 422, tt.beside)
		if tt.field != "chat_header" && !strings.Contains(string(a.body), `value="Kept as typed"`) {
			t.Errorf("%s: what was typed is gone", name)
		}
	}
	if now := w.look(button); now.Look != before.Look {
		t.Errorf("a refused form changed the look to %+v", now.Look)
	}
	g.saves(page+"/look", g.lookForm(page, "button_name", " Shop  window ", "color", "#AA0055", "cross", "black", "size", "70", "radius", "0", "animation", "waves",
		"position", "top-left", "fixed", "", "x_offset", "500", "y_offset", "250", "x_offset_m", "0", "y_offset_m", "1", "orientation", "vertical",
		"greet", "1", "greeting", "Hello!", "use_header", "", "chat_header", "Help", "use_name", "", "use_avatar", "1", "auto_open", "wide"), "The look is saved")
	want := onlinechat.Look{
		Name: "Shop window", Position: onlinechat.TopLeft, Offset: onlinechat.Offset{X: 500, Y: 250}, OffsetMobile: onlinechat.Offset{Y: 1}, Vertical: true,
		Animation: onlinechat.Waves, Size: 70, Color: "#aa0055", CrossBlack: true, Greeting: onlinechat.Greeting{Enabled: true, Bubble: true, Message: "Hello!"},
		Title: "Help", UseAvatar: true, AutoOpen: onlinechat.AutoOpenWide,
	}
	if got := w.look(button).Look; got != want {
		t.Errorf("look\n%+v, want\n%+v", got, want)
	}
	g.shows(g.get(g.root+"/chats"), 200, ">Shop window</a>")

	// Which chat it carries; sites as in the dialogue of the list.
	g.saves(page+"/chat", g.form(page, url.Values{"chat": {""}}), "The chat is changed")
	g.shows(g.get(page), 200, "opens no online chat")
	g.shows(g.post(page+"/chat", g.form(page, url.Values{"chat": {uuidN(9)}})), 404, "")
	g.saves(page+"/chat", g.form(page, url.Values{"chat": {string(before.Chat)}}), "The chat is changed")
	g.shows(g.post(page+"/sites", g.form(page, url.Values{"sites": {"no host!"}})), 422, `id="sites-error"`)
	g.saves(page+"/sites", g.form(page, url.Values{"sites": {"shop.example.test"}}), "inline: true")

	// Of others: who only looks, another account's button, one that is gone.
	body := string(agent.get(agent.root + "/buttons/" + button).body)
	if strings.Contains(body, "<button class") && regexp.MustCompile(`<button[^>]* type="submit"`).MatchString(body) {
		t.Error("who may only look is shown buttons to save")
	}
	agent.shows(agent.post(agent.root+"/buttons/"+button+"/look", agent.lookForm(agent.root+"/buttons/"+button)), 403, "Only an administrator")
	other, err := w.app.store.Accounts().ByCRM(t.Context(), "amocrm", secondID)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := w.app.chats.Buttons(t.Context(), other.ID)
	if err != nil || len(foreign) != 1 {
		t.Fatal(foreign, err)
	}
	for _, path := range []string{"", "/preview", "/preview/config"} {
		if a := g.get(g.root + "/buttons/" + string(foreign[0].Key) + path); a.status != 404 {
			t.Errorf("another account's button%s: %d", path, a.status)
		}
	}
	for _, act := range []string{"/look", "/channels", "/sites", "/chat", "/avatar/drop", "/remove"} {
		if a := g.post(g.root+"/buttons/"+string(foreign[0].Key)+act, g.lookForm(page)); a.status != 404 {
			t.Errorf("another account's button%s: %d", act, a.status)
		}
	}
	g.saves(page+"/remove", g.form(page, nil), "The button is removed")
	g.shows(g.get(page), 404, "")
	if a := w.send("GET", chatURL+"/v1/buttons/"+button+"/config?hash="+hash, map[string]string{"Origin": shopURL}, nil); a.status != 404 {
		t.Errorf("a removed button answers %d", a.status)
	}
}

// TestConsoleChannels: messengers with links, in an order that is changed without a script too.
func TestConsoleChannels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, _ := w.connected()
	g := w.guest(adminID)
	page := g.root + "/buttons/" + button
	rows := func(move string, list ...string) url.Values {
		f := g.form(page, url.Values{"move": {move}})
		for i := 0; i < len(list); i += 2 {
			f["service"], f["link"] = append(f["service"], list[i]), append(f["link"], list[i+1])
		}
		return f
	}
	for name, tt := range map[string]struct {
		rows   url.Values
		beside string
	}{
		"a link that leads elsewhere":   {rows("", "telegram", "https://t.me/shop", "", "", "whatsapp", "https://evil.test/x"), `id="link-error-3"`},
		"a link without a messenger":    {rows("", "", "https://t.me/shop"), `id="link-error-1"`},
		"a messenger without a link":    {rows("", "viber", ""), `id="link-error-1"`},
		"a messenger twice":             {rows("", "telegram", "@shop", "telegram", "@other"), `id="link-error-2"`},
		"an address that runs a script": {rows("", "telegram", "javascript:alert(1)"), `id="link-error-1"`},
	} {
		g.shows(g.post(page+"/channels", tt.rows), 422, tt.beside)
		if got := w.look(button).Channels; len(got) != 0 {
			t.Fatalf("%s is stored as %+v", name, got)
		}
	}
	shownIn := func(a answer, links ...string) {
		t.Helper()
		at := -1
		for _, l := range links {
			next := strings.Index(html.UnescapeString(string(a.body)), `value="`+l+`"`)
			if next < at || next < 0 {
				t.Errorf("%s does not stand in its place:\n%s", l, a.body)
			}
			at = next
		}
	}
	moved := g.post(page+"/channels", rows("up.2", "telegram", "@shop", "whatsapp", "+1 555 0100"))
	g.shows(moved, 200, "not saved yet")
	shownIn(moved, "+1 555 0100", "@shop")
	shownIn(g.post(page+"/channels", rows("down.1", "telegram", "@shop", "whatsapp", "+1 555 0100")), "+1 555 0100", "@shop")
	for _, move := range []string{"up.1", "down.2", "up.9", "up.x"} {
		g.shows(g.post(page+"/channels", rows(move, "telegram", "@shop", "whatsapp", "+1 555 0100")), 422, "")
	}
	if got := w.look(button).Channels; len(got) != 0 {
		t.Errorf("moving stored %+v", got)
	}
	shownIn(g.saves(page+"/channels", rows("", "whatsapp", "+1 555 0100", "telegram", "@shop", "", ""), "The messengers are saved"), "https://wa.me/15550100", "https://t.me/shop")
	g.saves(page+"/channels", rows("", "", "", "", ""), "The messengers are saved")
	if got := w.look(button).Channels; len(got) != 0 {
		t.Errorf("emptied rows are %+v", got)
	}
}

// postFile sends a form with a file as a browser does.
func (g *guest) postFile(path, csrf, name string, content []byte) answer {
	g.w.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	_ = m.WriteField("csrf", csrf)
	part, err := m.CreateFormFile("picture", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err == nil {
		err = m.Close()
	}
	if err != nil {
		g.w.t.Fatal(err)
	}
	return g.w.send("POST", appURL+path, map[string]string{"Cookie": g.cookie(), "Content-Type": m.FormDataContentType(), "Origin": appURL}, body.String())
}

// TestConsoleAvatar: a picture is judged by what it is, made small, shown, replaced and
// taken away with its bytes.
func TestConsoleAvatar(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, _ := w.connected()
	g := w.guest(adminID)
	page := g.root + "/buttons/" + button
	csrf := g.csrf(page)
	paint := func(shade uint8) []byte {
		img := image.NewGray(image.Rect(0, 0, 300, 200))
		for i := range img.Pix {
			img.Pix[i] = shade + uint8(i%7)
		}
		img.Set(0, 0, color.Gray{Y: shade})
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	g.shows(g.postFile(page+"/avatar", csrf, "page.png", []byte("<html><script>alert(1)</script>")), 422, `id="picture-error"`)
	g.shows(g.postFile(page+"/avatar", csrf, "nothing.png", nil), 422, `id="picture-error"`)
	g.shows(g.postFile(page+"/avatar", csrf, "large.png", append(paint(10), make([]byte, 2<<20)...)), 413, `id="picture-error"`)
	g.shows(g.postFile(page+"/avatar", csrf, "larger.png", make([]byte, 3<<20)), 413, "")
	g.shows(g.postFile(page+"/avatar", "a.b.c", "face.png", paint(10)), 403, "open for too long")
	if w.look(button).Look.Avatar != "" {
		t.Fatal("a refused picture is the chat's")
	}
	shown := regexp.MustCompile(`<img class="console__avatar" src="(` + regexp.QuoteMeta(chatURL) + `/f/[^"]+)"`)
	upload := func(content []byte) (address string) {
		t.Helper()
		a := g.postFile(page+"/avatar", csrf, "face.png", content)
		if a.status != http.StatusSeeOther {
			t.Fatalf("upload: %d %s", a.status, a.body)
		}
		m := shown.FindSubmatch(g.get(page).body)
		if m == nil {
			t.Fatalf("no picture is shown")
		}
		return string(m[1])
	}
	size := func(address string) image.Config {
		t.Helper()
		a := w.send("GET", address, nil, nil)
		c, _, err := image.DecodeConfig(bytes.NewReader(a.body))
		if a.status != 200 || err != nil || a.header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
			t.Fatalf("the picture: %d %v %v", a.status, err, a.header)
		}
		return c
	}
	first := upload(paint(10))
	if c := size(first); c.Width != 96 || c.Height != 64 {
		t.Errorf("the picture has %dx%d pixels, want 96x64", c.Width, c.Height)
	}
	if !strings.Contains(g.get(page).header.Get("Content-Security-Policy"), "img-src 'self' "+chatURL+";") {
		t.Error("the page's policy does not let it show the picture")
	}
	second := upload(paint(90))
	size(second)
	if a := w.send("GET", first, nil, nil); a.status != 404 {
		t.Errorf("the picture before is still there: %d", a.status)
	}
	g.saves(page+"/avatar/drop", g.form(page, nil), "The picture is changed")
	if a := w.send("GET", second, nil, nil); a.status != 404 || w.look(button).Look.Avatar != "" {
		t.Errorf("the picture that was taken away: %d", a.status)
	}
}

// TestConsolePreview: the page of the preview may stand in the console alone, and its
// config is that of the forms; nothing is saved.
func TestConsolePreview(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	g := w.guest(adminID)
	page := g.root + "/buttons/" + button
	a := g.get(page + "/preview")
	csp := a.header.Get("Content-Security-Policy")
	if a.status != 200 || !strings.HasSuffix(csp, "frame-ancestors 'self' https://"+crmHost) || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-src "+chatURL+";") {
		t.Errorf("preview: %d, policy %s", a.status, csp)
	}
	if csp := g.get(page).header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-src 'self';") {
		t.Errorf("the settings' policy %s", csp)
	}
	frame := w.send("GET", chatURL+"/v1/frame/"+button, nil, nil)
	if csp := frame.header.Get("Content-Security-Policy"); !strings.Contains(csp, " https://"+crmHost) || !strings.Contains(csp, " "+appURL) {
		t.Errorf("the panel's policy %s", csp)
	}
	type config struct {
		Button struct{ Color, Position string }
		Chat   *struct{ Title string }
		Ticket string
	}
	read := func(query string) (c config, a answer) {
		t.Helper()
		a = g.get(page + "/preview/config" + query)
		if a.status == 200 {
			a.into(t, &c)
		}
		return c, a
	}
	if c, _ := read(""); c.Button.Color != "#0b6bcb" || c.Button.Position != "right" || c.Chat == nil || c.Ticket != "" {
		t.Errorf("as saved: %+v", c)
	}
	form := g.lookForm(page, "color", "#aa0055", "position", "bottom-left")
	form.Del("csrf")
	if c, _ := read("?" + form.Encode()); c.Button.Color != "#aa0055" || c.Button.Position != "left" {
		t.Errorf("as typed: %+v", c)
	}
	for _, bad := range [][2]string{{"size", "12"}, {"color", "red"}} {
		form := g.lookForm(page, bad[0], bad[1])
		if _, a := read("?" + form.Encode()); a.status != 422 || a.code() == "" {
			t.Errorf("%s = %s: %d %s", bad[0], bad[1], a.status, a.body)
		}
	}
	var site config
	w.send("GET", chatURL+"/v1/buttons/"+button+"/config?hash="+hash, map[string]string{"Origin": shopURL}, nil).into(t, &site)
	if site.Button.Color != "#0b6bcb" || site.Ticket == "" {
		t.Errorf("a site is told %+v after a preview", site)
	}
}
