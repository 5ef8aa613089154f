package bridge

import (
	"cmp"
	"net/url"

	"leadline/backend/amojo"
	"leadline/backend/conversation"
)

// content is what a message of the service says, in our words.
func content(c amojo.Content) conversation.Received {
	r := conversation.Received{Kind: kind(c), Text: c.Text, Content: conversation.Content{Group: c.MediaGroupID}}
	if c.Media != "" && r.Kind != conversation.KindText {
		r.Media = &conversation.Media{URL: c.Media, Name: c.FileName, Bytes: c.FileBytes}
	}
	if c.Location != nil {
		r.Location = &conversation.Location{Lat: c.Location.Lat, Lon: c.Location.Lon}
	}
	if c.Contact != nil {
		r.Card = &conversation.Card{Name: c.Contact.Name, Phone: c.Contact.Phone}
	}
	return r
}

// kind treats a caption without usable media as the text that it is, and media of
// a type that is not documented as a file.
func kind(c amojo.Content) string {
	switch c.Type {
	case amojo.TypeLocation:
		if c.Location != nil {
			return c.Type
		}
	case amojo.TypeContact:
		if c.Contact != nil {
			return c.Type
		}
	case amojo.TypePicture, amojo.TypeVideo, amojo.TypeVoice, amojo.TypeAudio, amojo.TypeFile, amojo.TypeSticker:
		if c.Media != "" || c.Text == "" {
			return c.Type
		}
	case "", amojo.TypeText:
		// Text and media may come together (C §4.3).
		if c.Media != "" {
			return conversation.KindFile
		}
	default:
		if c.Media != "" {
			return conversation.KindFile
		}
		if c.Text == "" {
			return c.Type
		}
	}
	return conversation.KindText
}

// quoted is a message inside another. Its author is the visitor where their id is
// ours.
func quoted(q amojo.Quoted) conversation.Quote {
	out := conversation.Quote{
		ID: q.ID, Ref: q.Ref, Direction: conversation.Outbound, Kind: cmp.Or(q.Content.Type, conversation.KindText),
		Text: cut(q.Content.Text, 300), Author: cut(q.Sender.Name, 120),
	}
	if !q.At.IsZero() {
		out.At = q.At.UnixMilli()
	}
	if q.Sender.ID != "" {
		out.Direction = conversation.Inbound
	}
	return out
}

// markup keeps the buttons and lists that a panel can show: a link must be one of
// the web.
func markup(m *amojo.Markup) *conversation.Markup {
	if m == nil {
		return nil
	}
	out := &conversation.Markup{}
	for _, row := range m.Buttons {
		var buttons []conversation.Button
		for _, b := range row {
			if b.Text == "" || b.URL != "" && !webLink(b.URL) {
				continue
			}
			buttons = append(buttons, conversation.Button{Text: b.Text, URL: b.URL})
		}
		if buttons != nil {
			out.Buttons = append(out.Buttons, buttons)
		}
	}
	if l := m.List; l != nil {
		list := &conversation.List{Header: l.Header, Body: l.Body, Footer: l.Footer, Button: l.Button}
		for _, s := range l.Sections {
			section := conversation.Section{Title: s.Title}
			for _, r := range s.Rows {
				if r.Title != "" {
					section.Rows = append(section.Rows, conversation.Row{Callback: r.CallbackData, Title: r.Title, Description: r.Description})
				}
			}
			if section.Rows != nil {
				list.Sections = append(list.Sections, section)
			}
		}
		if list.Sections != nil {
			out.List = list
		}
	}
	if out.Buttons == nil && out.List == nil {
		return nil
	}
	return out
}

func webLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// cut keeps the first n runes.
func cut(s string, n int) string {
	r := []rune(s)
	return string(r[:min(len(r), n)])
}
