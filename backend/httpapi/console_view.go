package httpapi

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/auth"
	"leadline/backend/i18n"
)

//go:embed console/*.html console/parts/*.html
var consoleHTML embed.FS

//go:embed console/console.css
var consoleStyle []byte

//go:embed console/console.js
var consoleScript []byte

//go:embed console/preview.css
var previewStyle []byte

//go:embed console/preview.js
var previewScript []byte

// consolePages are the pages by name, each with the layout around it and all parts.
var consolePages = parseConsole()

const consoleLayout = "console/layout.html"

func parseConsole() map[string]*template.Template {
	pages := map[string]*template.Template{}
	files, err := fs.Glob(consoleHTML, "console/*.html")
	if err != nil {
		panic(err) // of a pattern that is none
	}
	for _, file := range files {
		if file != consoleLayout {
			pages[strings.TrimSuffix(path.Base(file), ".html")] = template.Must(template.ParseFS(consoleHTML, consoleLayout, "console/parts/*.html", file))
		}
	}
	return pages
}

// versioned is the address of an asset that changes with its content, so that
// browsers may keep it.
func versioned(name string, content []byte) string {
	sum := sha256.Sum256(content)
	return "/assets/" + name + "?v=" + hex.EncodeToString(sum[:6])
}

var (
	consoleStyleURL  = versioned("console.css", consoleStyle)
	consoleScriptURL = versioned("console.js", consoleScript)
	previewStyleURL  = versioned("preview.css", previewStyle)
	previewScriptURL = versioned("preview.js", previewScript)
)

func (s *Server) consoleAsset(kind string, content []byte) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
		c.Data(http.StatusOK, kind, content)
	}
}

// consoleView is what the templates draw; Body is the page's own part.
type consoleView struct {
	words i18n.Localizer

	Page   string
	Title  string
	Scheme string
	// Root is the path of the overview, Origin the CRM's page around, Home the
	// address of these pages there.
	Root, Origin, Home string
	Style, Script      string
	Embedded           bool
	// Account and Admin are empty where nobody is signed in; Login is the address of
	// a Leadline login, "" for who comes from the CRM.
	Account string
	Admin   bool
	Login   string
	// Others are the team's accounts, to change between them.
	Others []accountLine
	CSRF   string
	EndsIn int // seconds
	// Done and Error tell how the act went that led here.
	Done, Error string
	Body        any
}

// Lang is the page's language.
func (v consoleView) Lang() string { return v.words.Language() }

// PreviewStyle and PreviewScript are those of the page in the preview's frame.
func (v consoleView) PreviewStyle() string { return previewStyleURL }

// PreviewScript is its script.
func (v consoleView) PreviewScript() string { return previewScriptURL }

// T says the words of a key; pairs are names and values of its placeholders.
func (v consoleView) T(key string, pairs ...any) (string, error) {
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("words %s: a placeholder without a value", key)
	}
	args := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		args[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	if !v.words.Has(key) {
		return "", fmt.Errorf("no words for %s", key)
	}
	return v.words.Text(key, args), nil
}

// Either gives the words of the first key, where there are some, else of the second.
func (v consoleView) Either(first, second string) (string, error) {
	if v.words.Has(first) {
		return v.T(first)
	}
	return v.T(second)
}

// severalChoice is what the part "several-choice" draws: By is the id of what the
// chat is called by.
type severalChoice struct {
	View          consoleView
	Page, By      string
	Several, List bool
}

// Several is for that part.
func (v consoleView) Several(page string, several, list bool, by string) severalChoice {
	return severalChoice{v, page, by, several, list}
}

// moment is a time that the page's script writes in the reader's own zone.
type moment struct{ time.Time }

// ISO is for the script, UTC for who has none.
func (m moment) ISO() string { return m.Time.UTC().Format(time.RFC3339) }

// UTC is the time in words of figures.
func (m moment) UTC() string { return m.Time.UTC().Format("2006-01-02 15:04") + " UTC" }

// view is what every page of the place shares.
func (s *Server) consoleView(c *gin.Context, page string) (consoleView, error) {
	v := consoleView{
		words: s.Texts.Localizer(c.GetHeader("Accept-Language"), c.GetString(keyLanguage)),
		Page:  page, Style: consoleStyleURL, Script: consoleScriptURL,
	}
	at, ok := c.Get(keyPlace)
	if !ok {
		return v, nil
	}
	p := at.(*place)
	v.Root, v.Origin, v.Home, v.Embedded = p.root, p.origin, p.home(), p.embedded
	if p.who == (auth.Console{}) {
		return v, nil
	}
	v.Scheme, v.Admin, v.EndsIn = p.who.Scheme, p.who.Admin, int(p.left.Seconds())
	v.Account, v.Login = p.name(), p.login.Email
	var err error
	if p.own() {
		if v.Others, err = s.switcher(c, p); err != nil {
			return v, err
		}
	}
	v.CSRF, err = s.Tokens.ConsoleForm(p.who)
	return v, err
}

// switcher lists the team's accounts for the head of the page.
func (s *Server) switcher(c *gin.Context, p *place) ([]accountLine, error) {
	list, err := s.Accounts.OfTeam(c.Request.Context(), p.login.Team)
	lines := make([]accountLine, 0, len(list))
	for _, a := range list {
		at := place{account: a}
		lines = append(lines, accountLine{Name: at.name(), Page: consoleRoot + "/" + string(a.ID)})
	}
	return lines, err
}

// consoleRender draws a page; change puts in what it has of its own.
func (s *Server) consoleRender(c *gin.Context, status int, page string, change func(*consoleView)) {
	v, err := s.consoleView(c, page)
	if err == nil {
		change(&v)
		var buf bytes.Buffer
		if err = consolePages[page].ExecuteTemplate(&buf, "layout", v); err == nil {
			c.Data(status, "text/html; charset=utf-8", buf.Bytes())
			c.Abort()
			return
		}
	}
	c.Set(keyAsPage, false) // or it would come here again
	s.fail(c, err)
}

// consoleSay shows one sentence with a title, as page does on the app's other pages.
func (s *Server) consoleSay(c *gin.Context, status int, key string) {
	s.consoleMessage(c, status, s.text(c, key+".title", nil), s.text(c, key+".text", nil))
}

func (s *Server) consoleMessage(c *gin.Context, status int, title, text string) {
	s.consoleRender(c, status, "message", func(v *consoleView) { v.Title, v.Body = title, text })
}

// consoleStart asks the page around the frame for a ticket, or at the console's own
// address the person to sign in, and comes back to where the person wanted to go: for
// a form that is the page that it stands on.
func (s *Server) consoleStart(c *gin.Context) {
	p := placeOf(c)
	next := p.root
	switch {
	case c.Request.Method == http.MethodGet:
		next = c.Request.URL.RequestURI()
	case c.Param("chat") != "":
		next = p.root + "/chats/" + c.Param("chat")
	case c.Param("button") != "":
		next = p.root + "/buttons/" + c.Param("button")
	}
	if !p.embedded {
		s.showSignIn(c, http.StatusUnauthorized, signInBody{Next: localPage(next)})
		return
	}
	q := c.Request.URL.Query()
	if lang := q.Get("lang"); lang != "" {
		c.Set(keyLanguage, lang)
	}
	s.consoleRender(c, http.StatusUnauthorized, "start", func(v *consoleView) {
		v.Title, v.Scheme, v.Body = s.text(c, "console.start.title", nil), scheme(q.Get("scheme")), next
	})
}
