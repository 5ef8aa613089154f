package app

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"leadline/backend/team"
)

// TestOwnConsole walks through the console at its own address as people do: an owner
// signs in, opens an account, invites somebody, who joins in another browser and only
// looks; both languages of a page, light and dark, wide and on a phone.
func TestOwnConsole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: withSecondAccount})
	w.connected()
	desk := w.chromium(nil).person("about:blank", chromedp.EmulateViewport(1280, 900))
	look := func(b *tab, name string) {
		t.Helper()
		for _, colours := range []string{"light", "dark"} {
			scheme(colours, b)
			b.axe(name+" "+colours, "html")
			if wide := js[[]string](b, `[...document.querySelectorAll("main *, header *")].filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 200))`); len(wide) > 0 {
				t.Errorf("%s: wider than the page: %q", name, wide)
			}
			b.shot(name + "-" + colours)
		}
	}
	signIn := func(b *tab, who string) {
		t.Helper()
		b.fill("#login", who)
		b.fill("#password", password+"\r")
	}

	// A page that somebody wanted comes after the sign-in, which may go wrong first.
	desk.visit(appURL + w.page() + "/activity")
	look(desk, "1-signin")
	desk.fill("#login", login)
	desk.fill("#password", "not the password\r")
	desk.reads("The e-mail or the password is wrong")
	look(desk, "2-wrong")
	signIn(desk, login)
	desk.sees(`location.pathname === "` + w.page() + `/activity" && document.querySelector(".console__nav")`)
	desk.click(`.console__brand a`)
	desk.sees(`location.pathname === "/console" && document.querySelector("main a[href='` + w.page() + `']")`)
	look(desk, "3-accounts")
	desk.click(`main a[href="` + w.page() + `"]`)
	desk.reads("The account is connected")
	desk.click(`details summary.console__button_bad`) // the question before disconnecting
	look(desk, "4-overview")
	desk.click(`.console__switch summary`)
	look(desk, "5-switch")
	desk.do(chromedp.KeyEvent(kb.Escape))
	desk.sees(`!document.querySelector(".console__switch").open && document.activeElement.matches(".console__switch summary")`)
	desk.click(`.console__nav a[href$="/chats"]`)
	desk.sees(`document.querySelector("h1")?.checkVisibility() && location.pathname.endsWith("/chats")`)

	// Invite; the link is opened in another browser, on a phone.
	desk.click(`header a[href="/console/team"]`)
	desk.sees(`document.querySelector("#email")`)
	desk.fill("#email", "vera@example.org\r")
	desk.reads("The invitation is on its way")
	look(desk, "6-team")
	vera := desk.person(appURL+"/join#"+w.lastMail("vera@example.org"), phone())
	vera.sees(`document.querySelector("form")?.checkVisibility() && location.hash === ""`)
	look(vera, "7-join")
	vera.fill("#password", password+"\r")
	vera.reads("You belong to the team now")
	vera.click(`a[href="/console"]`)
	vera.sees(`document.querySelector("#login")`)
	look(vera, "8-signin-phone")
	signIn(vera, "vera@example.org")
	vera.sees(`document.querySelector("main a[href='` + w.page() + `']")`)
	look(vera, "9-accounts-phone")
	vera.click(`header a[href="/console/team"]`)
	vera.sees(`location.pathname === "/console/team" && document.body.innerText.includes("your role in the team is viewer")`)
	if n := js[int](vera, `document.querySelectorAll("main form, main button").length`); n != 0 {
		t.Errorf("a viewer is shown %d forms and buttons", n)
	}
	look(vera, "10-team-viewer")
	for _, path := range []string{"", "/chats", "/activity"} {
		vera.visit(appURL + w.page() + path)
		if n := js[int](vera, `document.querySelectorAll("main form button[type=submit]").length`); n != 0 {
			t.Errorf("a viewer is shown %d buttons at %q", n, path)
		}
	}
	look(vera, "11-activity-phone")

	// The own language and password, and the pages where nobody is signed in.
	desk.click(`header a[href="/console/profile"]`)
	desk.sees(`document.querySelector("#language")`)
	look(desk, "12-profile")
	js[any](desk, `(document.querySelector("#language").value = "ru", null)`)
	desk.click(`form[action="/console/profile/language"] button`)
	desk.reads("Язык сохранён")
	look(desk, "13-profile-ru")
	desk.click(`header a[href="/console/team"]`)
	desk.sees(`document.querySelector("#email")`)
	look(desk, "14-team-ru")
	desk.visit(appURL + "/console/connect")
	look(desk, "15-connect-ru")
	desk.visit(appURL + "/console/team/activity")
	desk.reads("vera@example.org: viewer")
	look(desk, "16-activity-ru")

	// Removed by the owner, Vera is out; what she had typed into a page would be kept.
	if _, err := w.app.Teams.Member(t.Context(), w.user(login).Team, w.user("vera@example.org").ID); err != nil {
		t.Fatal(err)
	}
	if err := w.app.store.Teams().SetRole(t.Context(), w.user(login).Team, w.user("vera@example.org").ID, team.Admin); err != nil {
		t.Fatal(err)
	}
	vera.visit(appURL + "/console/team")
	vera.sees(`document.querySelector("#email")`)
	vera.fill("#email", "typed@example.org")
	desk.visit(appURL + "/console/team")
	desk.sees(`document.querySelectorAll(".console__item").length === 2`)
	desk.click(`.console__item:nth-child(2) summary`)
	desk.click(`.console__item:nth-child(2) .console__question button`)
	desk.sees(`document.querySelectorAll(".console__item").length === 1`)
	vera.click(`form[action="/console/team/invite"] button[type=submit]`)
	vera.sees(`document.querySelector(".js-trouble").textContent.includes("session is over") && document.querySelector("#email").value === "typed@example.org"`)
	desk.click(`form[action="/console/sign-out"] button`)
	desk.sees(`location.pathname === "/console" && document.querySelector("#login")`)
	desk.visit(appURL + w.page())
	desk.sees(`document.querySelector("#login")`)
	for path, says := range map[string]string{"/console/sign-up": "17-signup", "/console/forgotten": "18-forgotten"} {
		desk.visit(appURL + path)
		look(desk, says)
	}
	if a := w.somebody().signIn("vera@example.org", password, ""); a.status == http.StatusSeeOther {
		t.Error("who was removed signs in")
	}
	if strings.Contains(w.logs.String(), password) {
		t.Error("a password stands in the log")
	}
	w.noBreaches()
}
