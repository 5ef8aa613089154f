package onlinechat

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"leadline/backend/fault"
)

// cardInvalid is what is wrong with a page: its argument Fields names the fields, as
// Check does.
func cardInvalid(fields ...string) error {
	return fault.New(fault.Invalid, "card_invalid").With("Fields", fields)
}

// WrongFields are those of a "card_invalid"; nil for any other error.
func WrongFields(err error) []string {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Code != "card_invalid" {
		return nil
	}
	list, _ := f.Args["Fields"].([]string)
	return list
}

// Check tidies what was typed on a page and names the fields that are wrong, in the
// order of the page: "title", "text", "locale", "alt", "look", "blocks" (too many),
// "blocks.2.label" and the like, counted from 0. It does not know which chats there are.
func (p *CardPage) Check(locales []string) (wrong []string) {
	test := func(field string, good bool) {
		if !good {
			wrong = append(wrong, field)
		}
	}
	p.Title, p.Text = clean(p.Title), paragraphs(p.Text)
	test("title", p.Title != "" && fits(p.Title, MaxCardTitle))
	test("text", utf8.RuneCountInString(p.Text) <= MaxCardText)
	test("locale", slices.Contains(locales, p.Locale))
	if p.Picture != nil {
		alt := *p.Picture
		alt.Alt = clean(alt.Alt)
		p.Picture = &alt
		test("alt", fits(alt.Alt, MaxCardAlt))
	}
	test("look", slices.Contains(CardAligns, p.Align) && slices.Contains(CardFonts, p.Font) && p.Colours.valid() && p.Buttons.valid() && p.ChatLook.valid())
	test("blocks", len(p.Blocks) <= MaxCardBlocks)
	p.Blocks = slices.Clone(p.Blocks)
	chats := 0
	for i := range p.Blocks {
		b := &p.Blocks[i]
		at := func(field string) string { return fmt.Sprintf("blocks.%d.%s", i, field) }
		b.Heading, b.Label = clean(b.Heading), clean(b.Label)
		test(at("heading"), fits(b.Heading, MaxCardHeading))
		test(at("label"), fits(b.Label, MaxCardLabel) && (b.Label != "" || b.Kind != CardLink))
		var err error
		switch b.Kind {
		case CardMessenger:
			b.Link, err = cardMessenger(b.Service, b.Link)
			test(at("link"), err == nil)
		case CardLink:
			b.Service = ""
			b.Link, err = cardLink(b.Link)
			test(at("link"), err == nil)
		case CardChat:
			chats++
			b.Service, b.Link = "", ""
			test(at("kind"), chats == 1)
		default:
			test(at("kind"), false)
		}
	}
	return wrong
}

func (c Colours) valid() bool { return validColour(c.Text) && validColour(c.Background) }

func (l ButtonLook) valid() bool {
	return slices.Contains(CardAligns, l.Align) && slices.Contains(CardStyles, l.Style) && slices.Contains(CardFonts, l.Font) && l.Colours.valid()
}

// paragraphs is text of several lines without anything that writes over other text.
// Browsers send forms with \r\n.
func paragraphs(text string) string {
	text = strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.TrimSpace(text)
}

// cardMessenger is what a messenger's button opens. A page fills no markers in: it
// knows nobody.
func cardMessenger(m Messenger, typed string) (string, error) {
	if strings.Contains(typed, "{{") {
		return typed, cardInvalid()
	}
	link, err := m.Link(typed)
	if err != nil {
		return typed, err
	}
	return link, nil
}

var hostLike = regexp.MustCompile(`^[\pL\pN-]+(\.[\pL\pN-]+)+([/?#].*)?$`)

// cardLink reads what somebody typed as an address: of the web, a mail address or a
// phone number, also without their schemes, or of an application that is known. What
// is refused comes back as it was typed.
func cardLink(typed string) (string, error) {
	link := strings.TrimSpace(typed)
	switch {
	case phone.MatchString(link):
		plus := ""
		if link[0] == '+' {
			plus = "+"
		}
		link = "tel:" + plus + strings.Map(digit, link)
	case !strings.Contains(link, ":") && strings.Contains(link, "@"):
		link = "mailto:" + link
	case hostLike.MatchString(link):
		link = "https://" + link
	}
	if len(link) > MaxLink || strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("\"'<>\\^`", r) }) {
		return typed, cardInvalid()
	}
	u, err := url.Parse(link)
	if err != nil || u.User != nil {
		return typed, cardInvalid()
	}
	good := false
	switch u.Scheme {
	case "http", "https":
		good = u.Hostname() != ""
	case "mailto":
		_, err := mail.ParseAddress(u.Opaque)
		good = err == nil
	case "tel", "sms":
		good = phone.MatchString(u.Opaque)
	default:
		good = slices.ContainsFunc(messengers, func(m messenger) bool { return slices.Contains(m.schemes, u.Scheme) }) &&
			(u.Host != "" || u.Opaque != "" || len(u.Path) > 1)
	}
	if !good {
		return typed, cardInvalid()
	}
	return link, nil
}

var slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// reserved are slugs that would look like a page of the host's, or that the server
// may need itself.
var reserved = []string{
	"about", "account", "admin", "administrator", "api", "app", "assets", "auth", "billing", "blog", "card", "cards", "chat", "console",
	"contact", "contacts", "demo", "docs", "download", "favicon", "feedback", "files", "help", "home", "index", "info", "install", "js",
	"leadline", "legal", "login", "logout", "mail", "manifest", "new", "null", "oauth", "password", "preview", "privacy", "qr", "reset",
	"robots", "root", "security", "settings", "sign-in", "sign-up", "signin", "signup", "site", "sitemap", "static", "status", "support",
	"system", "terms", "test", "undefined", "user", "users", "verify", "widget", "www", "amocrm", "kommo",
}

// Slug tidies what was typed as the last part of a page's address and tells what is
// wrong with it: "" for nothing, "slug" for its form, "slug_reserved".
func Slug(typed string) (slug, wrong string) {
	slug = strings.ToLower(strings.TrimSpace(typed))
	switch {
	case len(slug) < MinSlug || len(slug) > MaxSlug || !slugForm.MatchString(slug):
		return slug, "slug"
	case slices.Contains(reserved, slug):
		return slug, "slug_reserved"
	}
	return slug, ""
}

// Drawable is what of a draft can be shown: where its look is none, a new page's stands
// in, and links that are wrong lead nowhere.
func (p CardPage) Drawable(locales []string) CardPage {
	wrong := p.Check(locales)
	fresh := NewCardPage("", locales[0])
	if slices.Contains(wrong, "locale") {
		p.Locale = fresh.Locale
	}
	if slices.Contains(wrong, "look") {
		p.Align, p.Font, p.Colours, p.Buttons, p.ChatLook = fresh.Align, fresh.Font, fresh.Colours, fresh.Buttons, fresh.ChatLook
	}
	for i := range p.Blocks {
		if slices.Contains(wrong, fmt.Sprintf("blocks.%d.link", i)) {
			p.Blocks[i].Link = ""
		}
	}
	return p
}
