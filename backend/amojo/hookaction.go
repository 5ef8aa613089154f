package amojo

import "leadline/backend/chatid"

// wireAction reads both places where the documentation puts the operator of a
// typing hook and the message of a reaction hook.
type wireAction struct {
	User   object[wireRef] `json:"user"`
	Typing object[struct {
		User         object[wireRef]          `json:"user"`
		Conversation object[wireConversation] `json:"conversation"`
		ExpiredAt    integer                  `json:"expired_at"`
		PostID       text                     `json:"post_id"`
	}] `json:"typing"`
	Reaction object[struct {
		Message object[struct {
			ID       text `json:"id"`
			ClientID text `json:"client_id"`
		}] `json:"message"`
		MsgID        text                     `json:"msgid"`
		User         object[wireRef]          `json:"user"`
		Conversation object[wireConversation] `json:"conversation"`
		Type         text                     `json:"type"`
		Emoji        text                     `json:"emoji"`
	}] `json:"reaction"`
}

func (w wireAction) typing() TypingHook {
	t := w.Typing.V
	user := t.User.V.ID
	if user == "" {
		user = w.User.V.ID
	}
	return TypingHook{
		User: chatid.UserRef(id(user)), Chat: chatid.ChatRef(id(t.Conversation.V.ID)),
		Conversation: chatid.ConversationID(id(t.Conversation.V.ClientID)),
		ExpiresAt:    unixSeconds(int64(t.ExpiredAt)), PostID: string(id(t.PostID)),
	}
}

func (w wireAction) reaction() ReactionHook {
	r := w.Reaction.V
	ref := r.Message.V.ID
	if ref == "" {
		ref = r.MsgID
	}
	user := r.User.V.ID
	if user == "" {
		user = w.User.V.ID
	}
	return ReactionHook{
		Message: chatid.MessageRef(id(ref)), MessageID: chatid.MessageID(id(r.Message.V.ClientID)),
		User: chatid.UserRef(id(user)), Chat: chatid.ChatRef(id(r.Conversation.V.ID)),
		Conversation: chatid.ConversationID(id(r.Conversation.V.ClientID)),
		Removed:      r.Type == "unreact" || r.Emoji == "", Emoji: string(id(r.Emoji)),
	}
}
