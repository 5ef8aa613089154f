package amojo

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"leadline/backend/chatid"
)

// MaxHistoryPage is the most messages that the service gives at once.
const MaxHistoryPage = 50

// HistoryMessage is one message of a chat, written by either side.
type HistoryMessage struct {
	Ref chatid.MessageRef
	// ID is ours: the msgid of a message that we sent; "" for one written in the CRM.
	ID               chatid.MessageID
	At               time.Time // zero when the service gave no usable time
	Sender, Receiver Party
	Content          Content
}

// History reads messages of a chat, the newest first. limit is held within
// 1..MaxHistoryPage. A chat that the service does not know and one without
// messages both give none.
//
// Source: Chats API reference, "getting the history of a chat".
func (c *Client) History(ctx context.Context, ch Channel, scope chatid.ScopeID, chat chatid.ChatRef, offset, limit int) ([]HistoryMessage, error) {
	const op = "read history"
	path, err := scopePath(ch, scope)
	if err == nil {
		err = segment(string(chat))
	}
	if err != nil {
		return nil, &NotSentError{Op: op, Err: err}
	}
	query := url.Values{
		"offset": {strconv.Itoa(max(offset, 0))},
		"limit":  {strconv.Itoa(min(max(limit, 1), MaxHistoryPage))},
	}
	type message struct {
		ID       text `json:"id"`
		ClientID text `json:"client_id"`
		wireContent
	}
	var answer struct {
		Messages list[object[struct {
			wireTimes
			Sender   object[wireParty] `json:"sender"`
			Receiver object[wireParty] `json:"receiver"`
			Message  object[message]   `json:"message"`
		}]] `json:"messages"`
	}
	r := request{op: op, method: http.MethodGet, path: path + "/chats/" + string(chat) + "/history", query: query.Encode(), answer: &answer}
	if err := c.call(ctx, ch, r); err != nil {
		return nil, err
	}
	var out []HistoryMessage
	for _, o := range answer.Messages {
		w := o.V
		out = append(out, HistoryMessage{
			Ref: chatid.MessageRef(id(w.Message.V.ID)), ID: chatid.MessageID(id(w.Message.V.ClientID)),
			At: w.at(), Sender: w.Sender.V.party(), Receiver: w.Receiver.V.party(), Content: w.Message.V.content(),
		})
	}
	return out, nil
}
