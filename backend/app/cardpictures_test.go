package app

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestChosenPictureIsCarried: browsers forget a chosen file when a form comes back, so
// the editor's form carries the picture until the page is saved; until then nothing is
// stored, and a box that was ticked stays ticked.
func TestChosenPictureIsCarried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.connected()
	g := w.guest(adminID)
	page := g.addCard("Harbour lamps", "harbour-lamps")
	back := func(what string, a answer, status int) answer {
		t.Helper()
		if a.status != status || !strings.Contains(string(a.body), "Chosen, not saved yet: lamp.") {
			t.Fatalf("%s: %d, and the picture is not carried:\n%s", what, a.status, a.body)
		}
		if n := len(w.blobs()); n != 0 {
			t.Errorf("%s: %d files are stored for a page that nobody saved", what, n)
		}
		return a
	}
	// Another button, another place, a title that is refused: four forms that come back.
	at := back("a button is added", g.sendForm(page, changed(g.cardForm(page), "act", "add-link"), drawing(1600, 700)), http.StatusOK)
	contains(t, "the preview", g.sendForm(page+"/preview", formOf(t, at), nil).body, `<img class="card__picture" src="data:image/jpeg;base64,`, `width="1200" height="525"`)
	at = back("a button is moved", g.sendForm(page, changed(formOf(t, at), "act", "up-1"), nil), http.StatusOK)
	at = back("a refused form", g.sendForm(page, changed(formOf(t, at), "act", "save", "title", "", "b0.link", "https://shop.example", "b0.label", "Shop"), nil), http.StatusUnprocessableEntity)
	at = back("a refused form with another file", g.sendForm(page, formOf(t, at), drawing(40, 30)), http.StatusUnprocessableEntity)

	form := formOf(t, at)
	if a := g.sendForm(page, changed(form, "title", "Harbour lamps", "alt", "A lamp"), nil); a.status != http.StatusSeeOther {
		t.Fatalf("saving: %d %s", a.status, a.body)
	}
	shown := w.card("harbour-lamps", nil)
	contains(t, "the page", shown.body, `width="40" height="30" alt="A lamp"`)
	src := regexp.MustCompile(`<img[^>]* src="(` + chatURL + `/s/harbour-lamps/[a-z2-7]+)"`).FindSubmatch(shown.body)
	if src == nil || w.send("GET", string(src[1]), nil, nil).status != http.StatusOK || len(w.blobs()) != 1 {
		t.Errorf("the saved picture: %s, %d files", src, len(w.blobs()))
	}

	// The saved one is to go, and a button is added: it still is. What was chosen goes by the same box.
	at = g.sendForm(page, changed(g.cardForm(page), "no_picture", "1", "act", "add-link"), nil)
	if formOf(t, at).Get("no_picture") == "" {
		t.Error("the picture that was to go stays, since a button was added")
	}
	form = changed(formOf(t, at), "act", "save", "b2.link", "https://shop.example/two", "b2.label", "More")
	if a := g.sendForm(page, form, nil); a.status != http.StatusSeeOther || len(w.blobs()) != 0 {
		t.Errorf("without the picture: %d, %d files: %s", a.status, len(w.blobs()), a.body)
	}
	at = g.sendForm(page, changed(g.cardForm(page), "act", "up-1"), drawing(40, 30))
	at = g.sendForm(page, changed(formOf(t, at), "no_picture", "1", "act", "down-0"), nil)
	if strings.Contains(string(at.body), "picture.held") || strings.Contains(string(at.body), `name="no_picture"`) {
		t.Error("a chosen picture that was removed is carried on")
	}

	// What a form says that it carries is looked at as any file is.
	for name, held := range map[string]string{"no base64": "@@@", "no picture": "bm8gcGljdHVyZQ==", "a page": "PGh0bWw+PHNjcmlwdD4="} {
		form := changed(g.cardForm(page), "picture.held", held, "picture.name", "x.png")
		if a := g.sendForm(page, form, nil); a.status != http.StatusUnprocessableEntity || len(w.blobs()) != 0 {
			t.Errorf("%s: %d, %d files", name, a.status, len(w.blobs()))
		}
		if a := g.sendForm(page+"/preview", form, nil); a.status != http.StatusOK || strings.Contains(string(a.body), "data:image/") {
			t.Errorf("the preview with %s: %d", name, a.status)
		}
	}
	w.noBreaches()
}
