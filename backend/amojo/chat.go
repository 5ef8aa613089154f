package amojo

import (
	"context"
	"errors"
	"net/http"

	"leadline/backend/chatid"
)

// Participant is the visitor as the CRM shall know them.
type Participant struct {
	// ID is ours and never changes for a visitor.
	ID chatid.VisitorID
	// Ref is the service's id of the same person, known from a conversation that
	// an operator began; else "".
	Ref chatid.UserRef
	// Name is required by the service.
	Name string
	// Avatar is a public address of a picture, fetched some time later; "" for none.
	Avatar string
	// Phone and Email go into the contact that a new incoming lead makes. The
	// phone counts for duplicate control only in the very first message, in the
	// international form.
	Phone, Email string
	// ProfileLink is shown nowhere at present.
	ProfileLink string
}

type wireProfile struct {
	Phone string `json:"phone,omitempty"`
	Email string `json:"email,omitempty"`
}

type wireParticipant struct {
	ID          chatid.VisitorID `json:"id"`
	RefID       chatid.UserRef   `json:"ref_id,omitempty"`
	Name        string           `json:"name"`
	Avatar      string           `json:"avatar,omitempty"`
	Profile     *wireProfile     `json:"profile,omitempty"`
	ProfileLink string           `json:"profile_link,omitempty"`
}

type wireSource struct {
	ExternalID string `json:"external_id"`
}

// Empty optional objects are left out: whether null is tolerated is not known.
func participant(p Participant) wireParticipant {
	w := wireParticipant{ID: p.ID, RefID: p.Ref, Name: p.Name, Avatar: p.Avatar, ProfileLink: p.ProfileLink}
	if p.Phone != "" || p.Email != "" {
		w.Profile = &wireProfile{p.Phone, p.Email}
	}
	return w
}

func source(externalID string) *wireSource {
	if externalID == "" {
		return nil
	}
	return &wireSource{externalID}
}

// NewChat is a chat to be made without a message.
type NewChat struct {
	Conversation chatid.ConversationID
	// SourceID is the external id of the source; "" when sources are not used.
	SourceID string
	User     Participant
}

// CreatedChat is what the service calls a chat and its visitor.
type CreatedChat struct {
	Ref  chatid.ChatRef
	User chatid.UserRef // "" when the service did not say
}

// CreateChat makes a chat without message, contact, lead or notification, or
// gives the reference of the one that the conversation has already.
//
// Source: Chats API reference, "creating a chat".
func (c *Client) CreateChat(ctx context.Context, ch Channel, scope chatid.ScopeID, n NewChat) (CreatedChat, error) {
	const op = "create chat"
	path, err := scopePath(ch, scope)
	if err != nil {
		return CreatedChat{}, &NotSentError{Op: op, Err: err}
	}
	body := struct {
		ConversationID chatid.ConversationID `json:"conversation_id"`
		Source         *wireSource           `json:"source,omitempty"`
		User           wireParticipant       `json:"user"`
	}{n.Conversation, source(n.SourceID), participant(n.User)}
	var answer struct {
		ID   text `json:"id"`
		User object[struct {
			ID text `json:"id"`
		}] `json:"user"`
	}
	if err := c.call(ctx, ch, request{op: op, method: http.MethodPost, path: path + "/chats", body: body, answer: &answer}); err != nil {
		return CreatedChat{}, err
	}
	if answer.ID == "" {
		return CreatedChat{}, &UnknownError{Op: op, Err: errors.New("answer has no id")}
	}
	return CreatedChat{Ref: chatid.ChatRef(answer.ID), User: chatid.UserRef(answer.User.V.ID)}, nil
}
