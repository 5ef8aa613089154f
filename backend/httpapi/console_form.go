package httpapi

import (
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"
)

// formField is one field of a form, drawn by the part "form-field". Label and Hint are
// words in the reader's language; Error is what is wrong with Value, which stands
// there as it was typed.
type formField struct {
	// Kind is "text", "number", "date", "color", "area", "select", "check", "file" (Value:
	// the types it takes), or the type of another text input.
	Kind              string
	Name, Label, Hint string
	Value, Error      string
	Options           []formOption
	Checked           bool
	Min, Max          int // of a number; Max of a text is its length
	List              string
	// Before stands before the field, Usual in its place while it is empty. Code: no
	// words of a language.
	Before, Usual      string
	Code               bool
	Required, ReadOnly bool
}

type formOption struct {
	Value, Label string
	Chosen       bool
}

// formMaker makes the fields of one form: their words have the keys
// prefix.name.label and, where there is one, prefix.name.hint.
type formMaker struct {
	s        *Server
	c        *gin.Context
	prefix   string
	readOnly bool
	wrong    map[string]string // by name
}

func (s *Server) form(c *gin.Context, prefix string, wrong map[string]string) formMaker {
	return formMaker{s, c, prefix, !placeOf(c).who.Admin, wrong}
}

func (m formMaker) field(kind, name, value string, change ...func(*formField)) formField {
	f := formField{Kind: kind, Name: name, Value: value, Label: m.word(name + ".label"), Error: m.wrong[name], ReadOnly: m.readOnly}
	for _, set := range change {
		set(&f)
	}
	if key := m.prefix + "." + name + ".hint"; m.s.words(m.c).Has(key) {
		f.Hint = m.s.text(m.c, key, map[string]any{"Min": f.Min, "Max": f.Max})
	}
	return f
}

func (m formMaker) word(key string) string { return m.s.text(m.c, m.prefix+"."+key, nil) }

func (m formMaker) number(name string, value string, least, most int) formField {
	return m.field("number", name, value, func(f *formField) { f.Min, f.Max = least, most })
}

func (m formMaker) text(name, value string, most int) formField {
	return m.field("text", name, value, func(f *formField) { f.Max = most })
}

func (m formMaker) check(name string, checked bool) formField {
	return m.field("check", name, "1", func(f *formField) { f.Checked = checked })
}

// choice offers values, whose words have the keys prefix.name.value.
func (m formMaker) choice(name, chosen string, values ...string) formField {
	return m.field("select", name, chosen, func(f *formField) {
		for _, v := range values {
			f.Options = append(f.Options, formOption{v, m.word(name + "." + v), v == chosen})
		}
	})
}

// wholeNumber reads what somebody typed as a number; ok is false for anything else.
func wholeNumber(form url.Values, name string) (n int, ok bool) {
	n, err := strconv.Atoi(form.Get(name))
	return n, err == nil
}

func ticked(form url.Values, name string) bool { return form.Get(name) == "1" }
