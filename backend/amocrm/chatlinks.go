package amocrm

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"leadline/backend/chatid"
)

// ChatLink ties a chat to the contact whose card shows it. A chat belongs to one
// contact, a contact may have many chats (C §7.4).
type ChatLink struct {
	Contact chatid.ContactID
	Chat    chatid.ChatRef
}

type wireChatLink struct {
	Contact chatid.ContactID `json:"contact_id"`
	Chat    chatid.ChatRef   `json:"chat_id"`
}

func (w wireChatLink) link() ChatLink { return ChatLink(w) }

const (
	chatLinksPath = "/api/v4/contacts/chats"
	// MaxChatLinks is the most that one request carries, as of all entities (W §8.9).
	MaxChatLinks = 250
)

// LinkChats ties chats of our channels to contacts. A chat that has a contact
// moves. The token must be an administrator's and the channel registered with our
// integration.
func (c *Client) LinkChats(ctx context.Context, at Address, access string, links ...ChatLink) ([]ChatLink, error) {
	const op = "link chats"
	if err := batch(op, len(links), MaxChatLinks); err != nil {
		return nil, err
	}
	type item struct {
		wireChatLink
		RequestID string `json:"request_id"`
	}
	body := make([]item, 0, len(links))
	for n, l := range links {
		body = append(body, item{wireChatLink(l), strconv.Itoa(n)})
	}
	made, err := c.chatLinks(ctx, at, access, request{op: op, method: http.MethodPost, path: chatLinksPath, body: body})
	if err == nil && len(made) != len(links) {
		return nil, errEmpty(op, "entry for each link")
	}
	return made, err
}

// LinksOfChat tells whose chat it is; for a chat that is still an incoming lead,
// the contact inside that. None is no error.
func (c *Client) LinksOfChat(ctx context.Context, at Address, access string, chat chatid.ChatRef) ([]ChatLink, error) {
	return c.chatLinks(ctx, at, access, request{op: "read contact of chat", method: http.MethodGet, path: chatLinksPath, query: url.Values{"chat_id": {string(chat)}}})
}

// LinksOfContact lists the chats of a contact. None is no error.
func (c *Client) LinksOfContact(ctx context.Context, at Address, access string, id chatid.ContactID) ([]ChatLink, error) {
	return c.chatLinks(ctx, at, access, request{op: "list chats of contact", method: http.MethodGet, path: chatLinksPath, query: url.Values{"contact_id": {strconv.FormatInt(int64(id), 10)}}})
}

func (c *Client) chatLinks(ctx context.Context, at Address, access string, r request) ([]ChatLink, error) {
	items, _, err := list[wireChatLink](ctx, c, at, access, "chats", r)
	return convert(items, err, wireChatLink.link)
}
