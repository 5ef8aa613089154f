package httpapi

import (
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/conversation"
	"leadline/backend/media"
)

// messageJSON is a message as panels see it (docs/http-api.md).
type messageJSON struct {
	ID        string                 `json:"id"`
	ClientID  string                 `json:"client_id,omitempty"`
	Seq       int64                  `json:"seq"`
	Rev       int64                  `json:"rev"`
	At        int64                  `json:"at"`
	Direction string                 `json:"direction"`
	Kind      string                 `json:"kind"`
	Text      string                 `json:"text"`
	Status    string                 `json:"status"`
	Error     *reasonJSON            `json:"error,omitempty"`
	Author    *authorJSON            `json:"author,omitempty"`
	Bot       bool                   `json:"bot,omitempty"`
	EditedAt  int64                  `json:"edited_at,omitempty"`
	Group     string                 `json:"group,omitempty"`
	File      *fileJSON              `json:"file,omitempty"`
	Location  *conversation.Location `json:"location,omitempty"`
	Card      *conversation.Card     `json:"card,omitempty"`
	ReplyTo   *quoteJSON             `json:"reply_to,omitempty"`
	Forwards  []quoteJSON            `json:"forwards,omitempty"`
	Markup    *conversation.Markup   `json:"markup,omitempty"`
	Post      *conversation.Post     `json:"post,omitempty"`
	Reactions []reactionJSON         `json:"reactions,omitempty"`
}

type reasonJSON struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type authorJSON struct {
	Name   string `json:"name"`
	Avatar string `json:"avatar,omitempty"`
}

// quoteJSON is a message inside another. ID is absent for one that is not here.
type quoteJSON struct {
	ID        string `json:"id,omitempty"`
	Direction string `json:"direction,omitempty"`
	Kind      string `json:"kind"`
	Text      string `json:"text,omitempty"`
	Author    string `json:"author,omitempty"`
}

type reactionJSON struct {
	Emoji string `json:"emoji"`
	By    string `json:"by"`
}

// fileJSON is a file as panels see it; the links only when it is ready.
type fileJSON struct {
	ID         string `json:"id"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Type       string `json:"type"`
	Bytes      int64  `json:"bytes"`
	Width      int    `json:"width"`
	Height     int    `json:"height"`
	DurationMS int64  `json:"duration_ms"`
	State      string `json:"state"`
	URL        string `json:"url,omitempty"`
	ThumbURL   string `json:"thumb_url,omitempty"`
}

// view is what rendering needs besides the message.
type view struct {
	links *media.Links
	now   time.Time
	// text is a sentence in the reader's language.
	text func(key string) string
	// nameless tells whether the visitor may learn neither names nor pictures of who
	// answers (SET-4).
	nameless func() bool
}

// message renders one; the reason of a failure is in the reader's language.
func (s *Server) message(c *gin.Context, m conversation.Message) messageJSON {
	return s.view(c).message(m)
}

func (s *Server) view(c *gin.Context) view {
	return view{
		links: s.Links, now: s.Now(), text: func(key string) string { return s.text(c, key, nil) },
		nameless: func() bool { return s.nameless(c) },
	}
}

func (v view) message(m conversation.Message) messageJSON {
	out := messageJSON{
		ID: string(m.ID), ClientID: string(m.ClientID), Seq: m.Seq, Rev: m.Rev, At: m.At,
		Direction: string(m.Direction), Kind: m.Kind, Text: m.Text, Status: "sent",
		Group: m.Group, Location: m.Location, Card: m.Card, Markup: m.Markup, Post: m.Post, Bot: m.ByBot(),
	}
	if m.Direction == conversation.Outbound && m.AuthorName != "" && !v.nameless() {
		out.Author = &authorJSON{Name: m.AuthorName}
		if m.AuthorAvatar != "" {
			// Of no conversation, and small already: there is no other form of it.
			out.Author.Avatar = v.links.Short(m.AuthorAvatar, media.Original, "", v.now)
		}
	}
	switch {
	case m.Status == conversation.Failed && m.Direction == conversation.Inbound:
		// Why an operator's message failed is told to the operator; its file says so.
		out.Status = "error"
		out.Error = &reasonJSON{Code: m.ErrorCode, Message: v.text("error." + m.ErrorCode)}
	case m.Status == conversation.Read:
		out.Status = "read"
	}
	if !m.EditedAt.IsZero() {
		out.EditedAt = m.EditedAt.UnixMilli()
	}
	if m.Attached != nil {
		out.File = v.file(*m.Attached)
	}
	if m.Quote != nil {
		q := v.quoted(*m.Quote)
		out.ReplyTo = &q
	}
	for _, q := range m.Forwards {
		out.Forwards = append(out.Forwards, v.quoted(q))
	}
	for _, r := range m.Reactions {
		by := "operator"
		if r.By == "" {
			by = "visitor"
		}
		out.Reactions = append(out.Reactions, reactionJSON{Emoji: r.Emoji, By: by})
	}
	return out
}

func (v view) quoted(q conversation.Quote) quoteJSON {
	out := quoteJSON{ID: string(q.ID), Direction: string(q.Direction), Kind: q.Kind, Text: q.Text}
	// A quote of the visitor's own words is theirs; of anybody else it may be an operator's.
	if q.Author != "" && (q.Direction == conversation.Inbound || !v.nameless()) {
		out.Author = q.Author
	}
	return out
}

// file renders what the panel needs to show one, with links for some hours.
func (v view) file(f conversation.File) *fileJSON {
	out := &fileJSON{
		ID: string(f.ID), Kind: f.Kind, Name: f.Name, Type: f.Type, Bytes: f.Bytes, Width: f.Width, Height: f.Height,
		DurationMS: f.Duration.Milliseconds(), State: string(f.State),
	}
	if f.State == conversation.FileReady {
		out.URL = v.links.Short(f.ID, media.Original, f.Conversation, v.now)
		if f.Thumb != "" {
			out.ThumbURL = v.links.Short(f.ID, media.Thumbnail, f.Conversation, v.now)
		}
	}
	return out
}
