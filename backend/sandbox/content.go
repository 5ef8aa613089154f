package sandbox

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Post is what a comment stands under (C §3.4.9). In the hook of an answer
// only its ID is sent.
type Post struct {
	ID               string `json:"id" need:"true"`
	URL              string `json:"url,omitempty" need:"true"`
	PreviewURL       string `json:"preview_url,omitempty"`
	PreviewPermalink string `json:"preview_permalink,omitempty"`
	Username         string `json:"username,omitempty"`
	Caption          string `json:"caption,omitempty"`
}

// SharedPost is a post that the client forwarded (C §3.4.4).
type SharedPost struct {
	URL              string `json:"url,omitempty"`
	PreviewLink      string `json:"preview_link,omitempty"`
	PreviewPermalink string `json:"preview_permalink,omitempty"`
	Type             string `json:"type,omitempty"`
	SiteName         string `json:"site_name,omitempty"`
}

// Markup is the keyboard or the list of a message (C §4.3): Mode "inline" with
// rows of Buttons, or a ListMessage alone.
type Markup struct {
	Mode        string       `json:"mode,omitempty"`
	Buttons     [][]Button   `json:"buttons,omitempty"`
	ListMessage *ListMessage `json:"list_message,omitempty"`
}

// Button opens URL, or, without one, makes the client say Text.
type Button struct {
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
}

// ListMessage is a menu; the row that the client chooses comes back as
// callback_data.
type ListMessage struct {
	Header   string        `json:"header,omitempty"`
	Body     string        `json:"body"`
	Footer   string        `json:"footer,omitempty"`
	Button   string        `json:"button"`
	Sections []ListSection `json:"sections"`
}

// ListSection is a titled part of a ListMessage.
type ListSection struct {
	Title string    `json:"title"`
	Rows  []ListRow `json:"rows"`
}

// ListRow is one choice of a ListMessage.
type ListRow struct {
	CallbackData string `json:"callback_data"`
	Title        string `json:"title"`
	Description  string `json:"description,omitempty"`
}

// Template says from which chat template a message was made (C §4.3).
type Template struct {
	ID         int64           `json:"id"`
	ExternalID string          `json:"external_id,omitempty"`
	Content    string          `json:"content"`
	Params     []TemplateParam `json:"params"`
}

// TemplateParam is the value that stood for one {{marker}}.
type TemplateParam struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// filled is the content with its markers replaced.
func (t Template) filled() string {
	var pairs []string
	for _, p := range t.Params {
		pairs = append(pairs, p.Key, p.Value)
	}
	return strings.NewReplacer(pairs...).Replace(t.Content)
}

func (m Markup) check() error {
	if l := m.ListMessage; l != nil {
		if m.Mode != "" || len(m.Buttons) > 0 {
			return errors.New("a list message has no mode and no buttons")
		}
		return l.check()
	}
	if m.Mode != "inline" || len(m.Buttons) == 0 {
		return errors.New("markup needs mode inline and buttons, or a list message")
	}
	urls, all := 0, 0
	for _, row := range m.Buttons {
		if len(row) == 0 {
			return errors.New("a row of buttons is empty")
		}
		for _, b := range row {
			if b.Text == "" {
				return errors.New("a button needs a text")
			}
			all++
			if b.URL != "" {
				urls++
			}
		}
	}
	if urls != 0 && urls != all {
		return errors.New("buttons with and without links do not mix in one message")
	}
	return nil
}

// check holds a list message to the limits of C §4.3.
func (l ListMessage) check() error {
	for _, c := range []struct {
		name, got string
		max       int
		need      bool
	}{{"header", l.Header, 60, false}, {"body", l.Body, 1024, true}, {"footer", l.Footer, 60, false}, {"button", l.Button, 1024, true}} {
		if n := utf8.RuneCountInString(c.got); n > c.max || c.need && n == 0 {
			return fmt.Errorf("the list message's %s must have 1 to %d characters", c.name, c.max)
		}
	}
	if n := len(l.Sections); n < 1 || n > 10 {
		return errors.New("a list message has 1 to 10 sections")
	}
	for _, s := range l.Sections {
		if n := len(s.Rows); n < 1 || n > 10 || utf8.RuneCountInString(s.Title) > 24 {
			return errors.New("a section has 1 to 10 rows and a title of at most 24 characters")
		}
		for _, r := range s.Rows {
			if r.CallbackData == "" || r.Title == "" {
				return errors.New("a row needs callback_data and a title")
			}
		}
	}
	return nil
}

// typed reads a value of our own interfaces into its shape; nil stays nil.
func typed[T any](v any) (*T, error) {
	if v == nil {
		return nil, nil //nolint:nilnil // nothing is a value here
	}
	out := new(T)
	if err := decodeKnown(marshal(v), out); err != nil {
		return nil, err
	}
	return out, nil
}
