package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/i18n"
	"leadline/backend/onlinechat"
)

// readCard puts what stands in the editor's form over a page. What the form has no
// fields for stays as it was.
func readCard(form url.Values, card onlinechat.Card) onlinechat.Card {
	card.Slug, card.Title, card.Text, card.Locale, card.Unlisted = form.Get("slug"), form.Get("title"), form.Get("text"), form.Get("locale"), form.Get("unlisted") != ""
	if form.Get("no_picture") != "" {
		card.Picture = nil
	}
	if card.Picture != nil {
		picture := *card.Picture
		picture.Alt = form.Get("alt")
		card.Picture = &picture
	}
	card.Align, card.Font, card.Colours = form.Get("page.align"), form.Get("page.font"), readColours(form, "page")
	readButtonLook(form, "buttons", &card.Buttons)
	readButtonLook(form, "chat", &card.ChatLook)
	if form.Has("chat") {
		card.Chat = chatid.ChatID(form.Get("chat"))
		card.Look.Greeting.Enabled, card.Look.Header, card.Look.UseName = form.Get("welcome") != "", form.Get("header") != "", form.Get("senders") != ""
		card.Look.Title, card.Look.UseAvatar = form.Get("header_title"), form.Get("use_avatar") != ""
		if form.Get("no_avatar") != "" {
			card.Look.Avatar = ""
		}
	}
	n, _ := strconv.Atoi(form.Get("blocks"))
	card.Blocks = nil
	for i := range min(n, onlinechat.MaxCardBlocks+1) { // one more is refused as too many
		at := func(key string) string { return form.Get(fmt.Sprintf("b%d.%s", i, key)) }
		card.Blocks = append(card.Blocks, onlinechat.CardBlock{
			Kind: at("kind"), Heading: at("heading"), Label: at("label"), Service: onlinechat.Messenger(at("service")), Link: at("link"),
		})
	}
	return card
}

func readColours(form url.Values, name string) onlinechat.Colours {
	return onlinechat.Colours{Text: strings.ToLower(form.Get(name + ".text")), Background: strings.ToLower(form.Get(name + ".background"))}
}

func readButtonLook(form url.Values, name string, into *onlinechat.ButtonLook) {
	if form.Has(name + ".style") {
		*into = onlinechat.ButtonLook{
			Align: form.Get(name + ".align"), Style: form.Get(name + ".style"), Font: form.Get(name + ".font"),
			Colours: readColours(form, name), NoIcon: form.Get(name+".icon") == "",
		}
	}
}

// rearranged does what a button of the form's list asks for: "add-link", "up-2",
// "down-2", "remove-2", counted from 0. fault.Invalid for anything else.
func rearranged(list []onlinechat.CardBlock, act string) ([]onlinechat.CardBlock, error) {
	invalid := fault.New(fault.Invalid, "invalid_request")
	what, which, _ := strings.Cut(act, "-")
	if what == "add" {
		if !slices.Contains(blockKinds, which) || len(list) > onlinechat.MaxCardBlocks {
			return nil, invalid
		}
		b := onlinechat.CardBlock{Kind: which}
		if which == onlinechat.CardMessenger {
			b.Service = onlinechat.Messengers()[0]
		}
		return append(list, b), nil
	}
	i, err := strconv.Atoi(which)
	if err != nil || i < 0 || i >= len(list) {
		return nil, invalid
	}
	switch to := i - 1; what {
	case "down":
		to = i + 1
		fallthrough
	case "up":
		if to < 0 || to >= len(list) {
			return nil, invalid
		}
		list[i], list[to] = list[to], list[i]
		return list, nil
	case "remove":
		return slices.Delete(list, i, i+1), nil
	}
	return nil, invalid
}

// kindOf is the block's kind, or that of the form that unknown ones get.
func kindOf(b onlinechat.CardBlock) string {
	if slices.Contains(blockKinds, b.Kind) {
		return b.Kind
	}
	return onlinechat.CardLink
}

var blockKinds = []string{onlinechat.CardMessenger, onlinechat.CardLink, onlinechat.CardChat}

// cardForm makes the fields of a page's form, with what is wrong in them.
type cardForm struct {
	s     *Server
	c     *gin.Context
	wrong []string
	// pictures are what is wrong with files, by field, taken whether the slug is
	// another's; rest is what no field says, for above the form.
	pictures map[string]string
	taken    bool
	rest     error
	// held are the pictures that the form carries.
	held []heldPicture
}

func (s *Server) cardForm(c *gin.Context, failed error) *cardForm {
	f := &cardForm{s: s, c: c, wrong: onlinechat.WrongFields(failed), rest: failed}
	bad, picture := errors.AsType[errPicture](failed)
	switch {
	case picture:
		_, body := s.explain(c, bad)
		f.pictures, f.rest = map[string]string{bad.field: body.Error.Message}, nil
	case fault.CodeOf(failed) == "slug_taken":
		f.taken, f.rest = true, nil
	case len(f.wrong) > 0:
		f.rest = fault.New(fault.Invalid, "card_invalid")
	}
	return f
}

func (f *cardForm) word(key string) string { return f.s.text(f.c, "cards."+key, nil) }

// bad says what is wrong with a field of Check; most is the number that it names.
func (f *cardForm) bad(name, key string, most int) string {
	if !slices.Contains(f.wrong, name) {
		return ""
	}
	return f.s.text(f.c, "cards.wrong."+key, map[string]any{"Max": most})
}

func (f *cardForm) title(v string) formField {
	return formField{Kind: "text", Name: "title", Label: f.word("title.label"), Value: v, Max: onlinechat.MaxCardTitle, Error: f.bad("title", "title", onlinechat.MaxCardTitle)}
}

func (f *cardForm) slug(v string) formField {
	out := formField{
		Kind: "text", Name: "slug", Label: f.word("slug.label"), Value: v, Before: f.s.ChatURL + cardRoot, Hint: f.word("slug.hint"), Code: true, Max: onlinechat.MaxSlug,
		Error: f.bad("slug", "slug", onlinechat.MaxSlug) + f.bad("slug_reserved", "slug_reserved", 0),
	}
	if f.taken {
		out.Error = f.s.text(f.c, "error.slug_taken", nil)
	}
	return out
}

// choice is a select of one of the closed lists of a look.
func (f *cardForm) choice(name, list, value string, values []string) formField {
	out := formField{Kind: "select", Name: name, Label: f.word(list + ".label"), Value: value}
	for _, v := range values {
		out.Options = append(out.Options, formOption{v, f.word(list + "." + v), v == value})
	}
	return out
}

func (f *cardForm) colours(name string, of onlinechat.Colours) []formField {
	return []formField{
		{Kind: "color", Name: name + ".text", Label: f.word("text_colour"), Value: of.Text},
		{Kind: "color", Name: name + ".background", Label: f.word("background"), Value: of.Background},
	}
}

func (f *cardForm) look(name string, l onlinechat.ButtonLook) cardLook {
	fields := []formField{
		f.choice(name+".align", "align", l.Align, onlinechat.CardAligns), f.choice(name+".style", "style", l.Style, onlinechat.CardStyles),
		f.choice(name+".font", "font", l.Font, onlinechat.CardFonts),
	}
	fields = append(fields, f.colours(name, l.Colours)...)
	return cardLook{ID: name, Fields: append(fields, formField{Kind: "check", Name: name + ".icon", Label: f.word("icon"), Checked: !l.NoIcon})}
}

type cardBody struct {
	// Page, URL and Actions are addresses: of this editor, of the page, of its key actions.
	Page, URL, Actions string
	// Draft: the form holds more than what is saved; Unsaved: and nobody tried to save
	// it. Faint are places whose text is hard to read.
	Draft, Unsaved bool
	Faint          []string

	PageFields, PictureFields, WindowFields []formField
	Blocks                                  []cardBlock
	BlocksError                             string
	Addable                                 []string
	Looks                                   []cardLook
	// Held are pictures that were chosen and are not saved.
	Held []heldPicture
}

type cardBlock struct {
	Row                int
	Kind, Title, Error string
	Fields             []formField
	First, Last        bool
}

type cardLook struct {
	ID, Error string
	Fields    []formField
}

// showCard draws the editor of a page: saved as it is kept, draft as it stands in the
// form; failed is what stood in the way of saving it.
func (s *Server) showCard(c *gin.Context, status int, saved, draft onlinechat.Card, failed error) {
	p := placeOf(c)
	chats, err := s.OnlineChats.Chats(c.Request.Context(), p.account.ID)
	if err != nil {
		s.fail(c, err)
		return
	}
	f := s.cardForm(c, failed)
	f.keepPictures()
	body := cardBody{
		Held: f.held,
		Page: cardPath(p, saved.ID), URL: s.cardURL(saved), Actions: p.root + "/buttons/" + string(saved.Button) + "/actions", Draft: c.Request.Method == http.MethodPost, Unsaved: c.Request.Method == http.MethodPost && failed == nil, Faint: draft.Faint(),
		PageFields: f.page(draft), PictureFields: f.picture(saved, draft), BlocksError: f.bad("blocks", "blocks", onlinechat.MaxCardBlocks),
	}
	for i, b := range draft.Blocks {
		one := cardBlock{Row: i, Kind: b.Kind, Title: f.word("kind." + kindOf(b)), Fields: f.block(i, b, draft, chats), First: i == 0, Last: i == len(draft.Blocks)-1}
		one.Error = f.bad(fmt.Sprintf("blocks.%d.kind", i), "kind", 0)
		body.Blocks = append(body.Blocks, one)
	}
	for _, kind := range blockKinds {
		if len(draft.Blocks) < onlinechat.MaxCardBlocks && (kind != onlinechat.CardChat || !draft.HasChat() && len(chats) > 0) {
			body.Addable = append(body.Addable, kind)
		}
	}
	page := cardLook{ID: "page", Error: f.bad("look", "look", 0), Fields: append([]formField{
		f.choice("page.align", "align", draft.Align, onlinechat.CardAligns), f.choice("page.font", "font", draft.Font, onlinechat.CardFonts),
	}, f.colours("page", draft.Colours)...)}
	body.Looks = []cardLook{page, f.look("buttons", draft.Buttons)}
	if draft.HasChat() {
		body.Looks = append(body.Looks, f.look("chat", draft.ChatLook))
		body.WindowFields = f.window(saved.Look, draft.Look)
	}
	s.consoleRender(c, status, "card", func(v *consoleView) {
		v.Title, v.Body = saved.Title, body
		s.outcome(c, v, f.rest)
	})
}

func (f *cardForm) page(d onlinechat.Card) []formField {
	locales := formField{Kind: "select", Name: "locale", Label: f.word("locale.label"), Value: d.Locale, Error: f.bad("locale", "locale", 0)}
	for _, l := range i18n.Languages {
		locales.Options = append(locales.Options, formOption{l, i18n.Names[l], l == d.Locale})
	}
	return []formField{
		f.title(d.Title),
		{Kind: "area", Name: "text", Label: f.word("about.label"), Value: d.Text, Max: onlinechat.MaxCardText, Error: f.bad("text", "text", onlinechat.MaxCardText)},
		f.slug(d.Slug), locales,
		{Kind: "check", Name: "unlisted", Label: f.word("unlisted"), Checked: d.Unlisted},
	}
}

// pictureTypes are what media makes small pictures of.
const pictureTypes = "image/jpeg,image/png,image/webp,image/gif"

func (f *cardForm) picture(saved, d onlinechat.Card) []formField {
	file, box := f.pictureFields("picture", "picture.label", "picture.hint", "picture.remove", saved.Picture != nil)
	alt := formField{Kind: "text", Name: "alt", Label: f.word("alt.label"), Hint: f.word("alt.hint"), Max: onlinechat.MaxCardAlt, Error: f.bad("alt", "alt", onlinechat.MaxCardAlt)}
	if alt.Value = f.c.Request.PostForm.Get("alt"); d.Picture != nil {
		alt.Value = d.Picture.Alt
	}
	return append([]formField{file, alt}, box...)
}

func (f *cardForm) block(i int, b onlinechat.CardBlock, d onlinechat.Card, chats []onlinechat.Chat) (fields []formField) {
	name := func(key string) string { return fmt.Sprintf("b%d.%s", i, key) }
	bad := func(key, words string, most int) string {
		return f.bad(fmt.Sprintf("blocks.%d.%s", i, key), words, most)
	}
	link := formField{Kind: "text", Name: name("link"), Value: b.Link, Code: true, Max: onlinechat.MaxLink}
	label := formField{Kind: "text", Name: name("label"), Label: f.word("label.label"), Value: b.Label, Max: onlinechat.MaxCardLabel, Error: bad("label", "label", onlinechat.MaxCardLabel)}
	switch b.Kind {
	case onlinechat.CardMessenger:
		services := formField{Kind: "select", Name: name("service"), Label: f.word("service.label"), Value: string(b.Service)}
		for _, m := range onlinechat.Messengers() {
			services.Options = append(services.Options, formOption{string(m), messengerName(m), m == b.Service})
		}
		link.Label, link.Hint, link.Error = f.word("link.messenger"), f.word("link.messenger_hint"), bad("link", "messenger", 0)
		label.Usual = messengerName(b.Service)
		fields = append(fields, services, link)
	case onlinechat.CardChat:
		choice := formField{Kind: "select", Name: "chat", Label: f.word("chat.label"), Value: string(d.Chat), Error: f.bad("chat", "chat", 0), Options: []formOption{{"", "-", d.Chat == ""}}}
		for _, one := range chats {
			choice.Options = append(choice.Options, formOption{string(one.ID), one.Name, one.ID == d.Chat})
		}
		label.Usual = f.s.Texts.Localizer("", d.Locale).Text("card.chat", nil)
		fields = append(fields, choice)
	default:
		link.Label, link.Hint, link.Error = f.word("link.link"), f.word("link.link_hint"), bad("link", "link", 0)
		fields = append(fields, link)
	}
	return append(fields, label, formField{
		Kind: "text", Name: name("heading"), Label: f.word("heading.label"), Value: b.Heading, Max: onlinechat.MaxCardHeading,
		Error: bad("heading", "heading", onlinechat.MaxCardHeading),
	})
}

// window are the settings of the chat on the page (O §6.2, BOT-10, SET-4).
func (f *cardForm) window(saved, l onlinechat.Look) []formField {
	avatar, box := f.pictureFields("avatar", "window.avatar", "window.avatar_hint", "window.no_avatar", saved.Avatar != "")
	fields := []formField{
		{Kind: "check", Name: "welcome", Label: f.word("window.welcome"), Checked: l.Greeting.Enabled},
		{Kind: "check", Name: "header", Label: f.word("window.header"), Checked: l.Header},
		{
			Kind: "text", Name: "header_title", Label: f.word("window.name"), Value: l.Title, Hint: f.word("window.name_hint"), Max: onlinechat.MaxHeader,
			Error: f.bad("window", "window", onlinechat.MaxHeader),
		},
		{Kind: "check", Name: "senders", Label: f.word("window.senders"), Checked: l.UseName},
		avatar,
	}
	return append(append(fields, box...), formField{Kind: "check", Name: "use_avatar", Label: f.word("window.use_avatar"), Checked: l.UseAvatar})
}
