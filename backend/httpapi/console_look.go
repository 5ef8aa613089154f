package httpapi

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// lookGroup are fields that belong together.
type lookGroup struct {
	Title  string
	Fields []formField
}

// numbers of a look, by the names of their fields.
var lookNumbers = []struct {
	name        string
	least, most int
	of          func(*onlinechat.Look) *int
}{
	{"x_offset", 0, onlinechat.MaxXOffset, func(l *onlinechat.Look) *int { return &l.Offset.X }},
	{"y_offset", 0, onlinechat.MaxYOffset, func(l *onlinechat.Look) *int { return &l.Offset.Y }},
	{"x_offset_m", 0, onlinechat.MaxXOffset, func(l *onlinechat.Look) *int { return &l.OffsetMobile.X }},
	{"y_offset_m", 0, onlinechat.MaxYOffset, func(l *onlinechat.Look) *int { return &l.OffsetMobile.Y }},
	{"size", onlinechat.MinSize, onlinechat.MaxSize, func(l *onlinechat.Look) *int { return &l.Size }},
	{"radius", 0, onlinechat.MaxRadius, func(l *onlinechat.Look) *int { return &l.Radius }},
}

// lookTexts and lookChecks likewise.
var lookTexts = map[string]func(*onlinechat.Look) *string{
	"button_name": func(l *onlinechat.Look) *string { return &l.Name },
	"greeting":    func(l *onlinechat.Look) *string { return &l.Greeting.Message },
	"chat_header": func(l *onlinechat.Look) *string { return &l.Title },
}

var lookChecks = map[string]func(*onlinechat.Look) *bool{
	"fixed":      func(l *onlinechat.Look) *bool { return &l.Fixed },
	"greet":      func(l *onlinechat.Look) *bool { return &l.Greeting.Enabled },
	"bubble":     func(l *onlinechat.Look) *bool { return &l.Greeting.Bubble },
	"use_header": func(l *onlinechat.Look) *bool { return &l.Header },
	"use_avatar": func(l *onlinechat.Look) *bool { return &l.UseAvatar },
	"use_name":   func(l *onlinechat.Look) *bool { return &l.UseName },
}

// lookFields are the form's fields by what onlinechat.Look.Check calls wrong.
var lookFields = map[string]string{
	"name": "button_name", "position": "position", "offset": "x_offset", "offset_mobile": "x_offset_m", "animation": "animation", "size": "size",
	"radius": "radius", "color": "color", "greeting": "greeting", "title": "chat_header", "auto_open": "auto_open",
}

// typedLook is what somebody would have typed who made that look.
func typedLook(l onlinechat.Look) url.Values {
	form := url.Values{
		"position": {string(l.Position)}, "orientation": {either(l.Vertical, "vertical", "horizontal")}, "animation": {string(l.Animation)},
		"color": {sixDigits(cmp.Or(l.Color, defaultColor))}, "cross": {either(l.CrossBlack, "black", "white")}, "auto_open": {string(l.AutoOpen)},
	}
	for _, n := range lookNumbers {
		form.Set(n.name, strconv.Itoa(*n.of(&l)))
	}
	for name, of := range lookTexts {
		form.Set(name, *of(&l))
	}
	for name, of := range lookChecks {
		if *of(&l) {
			form.Set(name, "1")
		}
	}
	return form
}

// readLook reads the form over a look; wrong are the fields that are no numbers. What
// the others hold is checked by onlinechat.
func readLook(form url.Values, l onlinechat.Look) (look onlinechat.Look, wrong []string) {
	for _, n := range lookNumbers {
		v, ok := wholeNumber(form, n.name)
		if !ok || v < n.least || v > n.most {
			wrong = append(wrong, n.name)
		}
		*n.of(&l) = v
	}
	for name, of := range lookTexts {
		*of(&l) = strings.Join(strings.Fields(form.Get(name)), " ")
	}
	for name, of := range lookChecks {
		*of(&l) = ticked(form, name)
	}
	l.Position, l.Animation, l.AutoOpen = onlinechat.Corner(form.Get("position")), onlinechat.Animation(form.Get("animation")), onlinechat.AutoOpen(form.Get("auto_open"))
	l.Vertical, l.CrossBlack = form.Get("orientation") == "vertical", form.Get("cross") == "black"
	// The field always holds some colour: the default stays the default.
	if c := strings.ToLower(form.Get("color")); l.Color != "" || c != defaultColor {
		l.Color = c
	}
	return l, wrong
}

func either(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// sixDigits writes "#abc" as a field of colours needs it.
func sixDigits(c string) string {
	if len(c) != 4 {
		return c
	}
	return string([]byte{'#', c[1], c[1], c[2], c[2], c[3], c[3]})
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// lookGroups are the form, with what stands in it; wrong are words by field.
func (s *Server) lookGroups(c *gin.Context, form url.Values, wrong map[string]string) []lookGroup {
	m := s.form(c, "chats.look", wrong)
	numbers := map[string]formField{}
	for _, n := range lookNumbers {
		numbers[n.name] = m.number(n.name, form.Get(n.name), n.least, n.most)
	}
	check := func(name string) formField { return m.check(name, ticked(form, name)) }
	text := func(name string, most int) formField { return m.text(name, form.Get(name), most) }
	return []lookGroup{
		{m.word("group.button"), []formField{
			text("button_name", onlinechat.MaxName), m.field("color", "color", form.Get("color")), m.choice("cross", form.Get("cross"), "white", "black"),
			numbers["size"], numbers["radius"], m.choice("animation", form.Get("animation"), texts(onlinechat.Animations)...),
		}},
		{m.word("group.place"), []formField{
			m.choice("position", form.Get("position"), texts(onlinechat.Corners)...), check("fixed"),
			numbers["x_offset"], numbers["y_offset"], numbers["x_offset_m"], numbers["y_offset_m"],
			m.choice("orientation", form.Get("orientation"), "horizontal", "vertical"),
		}},
		{m.word("group.greeting"), []formField{check("greet"), check("bubble"), text("greeting", onlinechat.MaxGreeting)}},
		{m.word("group.chat"), []formField{
			check("use_header"), text("chat_header", onlinechat.MaxHeader), check("use_name"), check("use_avatar"),
			m.choice("auto_open", form.Get("auto_open"), texts(onlinechat.AutoOpens)...),
		}},
	}
}

// lookWrong says beside which fields a look is wrong: numbers out of range, then what
// onlinechat found first.
func (s *Server) lookWrong(c *gin.Context, numbers []string, err error) map[string]string {
	wrong := map[string]string{}
	for _, n := range lookNumbers {
		for _, name := range numbers {
			if name == n.name {
				wrong[name] = s.text(c, "chats.look.number.error", map[string]any{"Min": n.least, "Max": n.most})
			}
		}
	}
	if field, ok := strings.CutPrefix(fault.CodeOf(err), "look_"); ok && lookFields[field] != "" && wrong[lookFields[field]] == "" {
		wrong[lookFields[field]] = s.text(c, "error.look_"+field, nil)
	}
	return wrong
}

// consoleLook saves how a button and its chat look.
func (s *Server) consoleLook(c *gin.Context) {
	form := c.Request.PostForm
	var numbers []string
	s.changeButton(c, console.SetLook, "", func(ctx context.Context, b onlinechat.Button) error {
		var look onlinechat.Look
		if look, numbers = readLook(form, b.Look); len(numbers) > 0 {
			return fault.New(fault.Invalid, "invalid_request")
		}
		return s.OnlineChats.SetLook(ctx, b.Account, b.Key, look)
	}, func(body *buttonBody, err error) bool {
		wrong := s.lookWrong(c, numbers, err)
		body.Look = s.lookGroups(c, form, wrong)
		return len(wrong) > 0
	})
}
