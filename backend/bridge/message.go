package bridge

import (
	"cmp"
	"context"
	"errors"
	"time"

	"leadline/backend/account"
	"leadline/backend/amojo"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/outbox"
)

// message sends one inbound message. The error is for the log.
func (b *Bridge) message(ctx context.Context, p Product, a account.Account, j outbox.Job, m conversation.MessageJob) (outbox.Outcome, error) {
	if m.Bot && p.BotID == "" {
		return done(j, m, "", "", ""), nil // nobody there can have said it (C §3.4.3)
	}
	out := b.outgoing(p, j.Lane, m)
	var effects []outbox.Effect
	if m.Contact != 0 {
		o, ok, err := b.link(ctx, p, a, j, m, out, &effects)
		if !ok {
			return o, err
		}
	}
	sent, err := b.chats.SendMessage(ctx, p.Channel, a.Scope, out)
	if err == nil {
		visitor := sent.Sender
		if m.Author != nil {
			visitor = sent.Receiver
		}
		o := done(j, m, sent.Ref, sent.Chat, visitor)
		o.Effects = append(effects, o.Effects...) // older answers do not name the chat
		return o, nil
	}
	o, settle := b.outcome(ctx, a, j, err)
	if settle {
		// 400, 409 and their like: a refusal, or the repeat of one that arrived.
		return b.refused(ctx, p, a, j, m, out, err)
	}
	o.Effects = effects
	return o, err
}

// outgoing is a job as the service shall read it.
func (b *Bridge) outgoing(p Product, lane chatid.ConversationID, m conversation.MessageJob) amojo.Message {
	name := m.Name
	if name == "" {
		name = b.texts(p.Language, "visitor.anonymous", map[string]any{"Number": shortNumber(m.Visitor)})
	}
	visitor := amojo.Participant{ID: m.Visitor, Ref: m.User, Name: name, Phone: m.Phone, Email: m.Email}
	out := amojo.Message{
		ID: m.Message, Conversation: lane, ConversationRef: m.Chat, SentAt: time.UnixMilli(m.At), Silent: m.Silent,
		Sender: visitor, Out: amojo.Out{Type: m.Kind, Text: m.Text},
	}
	if m.Author != nil {
		// Written by the company outside the CRM (C §3.4.3).
		out.Sender = amojo.Participant{
			ID: chatid.VisitorID("operator-" + string(m.Author.Ref)), Ref: cmp.Or(m.Author.Ref, p.BotID), Name: cmp.Or(m.Author.Name, p.Title),
		}
		out.Receiver = &visitor
	}
	if m.Bot {
		out.Text = withButtons(m)
	}
	if p.MultipleSources {
		out.SourceID = m.Source
	}
	if f := m.File; f != nil {
		out.Media, out.FileName, out.FileBytes = b.fileURL(f.Key, f.Name), f.Name, f.Bytes
		out.Duration = time.Duration(f.Seconds) * time.Second
	}
	if c := m.Content; c != nil {
		out.CallbackData = c.Callback
		if l := c.Location; l != nil {
			out.Location = &amojo.Location{Lon: l.Lon, Lat: l.Lat}
		}
		if c.Card != nil {
			out.Contact = &amojo.Contact{Name: c.Card.Name, Phone: c.Card.Phone}
		}
		if c.Quote != nil {
			out.ReplyTo = outgoingQuote(*c.Quote)
		}
	}
	return out
}

// withButtons is what the bot said with the buttons that it offered, for operators:
// the service takes no buttons from outside.
func withButtons(m conversation.MessageJob) string {
	text := m.Text
	if m.Content == nil || m.Content.Markup == nil {
		return text
	}
	for _, row := range m.Content.Markup.Buttons {
		for _, b := range row {
			text += "\n▸ " + b.Text
			if b.URL != "" && b.URL != b.Text {
				text += ": " + b.URL
			}
		}
	}
	return text
}

// client is the visitor, whom the chat is with, on either side of a message.
func client(m amojo.Message) amojo.Participant {
	if m.Receiver != nil {
		return *m.Receiver
	}
	return m.Sender
}

// outgoingQuote names a quoted message by the id that the service knows: its own
// for an operator's, ours for a visitor's. One that came as a v1 hook has neither
// and is told whole.
func outgoingQuote(q conversation.Quote) *amojo.Quote {
	switch {
	case q.Direction == conversation.Inbound:
		return &amojo.Quote{ID: q.ID}
	case q.Ref != "" && chatid.Valid(string(q.Ref)):
		return &amojo.Quote{Ref: q.Ref}
	}
	return &amojo.Quote{
		Out: amojo.Out{Type: amojo.TypeText, Text: cmp.Or(q.Text, q.Kind)}, SentAt: time.UnixMilli(q.At), Author: amojo.Author{Name: cmp.Or(q.Author, "-")},
	}
}

// linkTries bounds how often a message waits for its chat to be linked to a
// contact: then it goes without, for a second lead is better than a lost message.
const linkTries = 6

// link makes the chat and ties it to the contact that is known for certain, before
// the first message: then no incoming lead is made (C §8.3). ok tells that the
// message may go.
func (b *Bridge) link(ctx context.Context, p Product, a account.Account, j outbox.Job, m conversation.MessageJob, out amojo.Message, effects *[]outbox.Effect) (o outbox.Outcome, ok bool, err error) {
	made, err := b.chats.CreateChat(ctx, p.Channel, a.Scope, amojo.NewChat{Conversation: j.Lane, SourceID: out.SourceID, User: client(out)})
	if err != nil {
		if o, settle := b.outcome(ctx, a, j, err); !settle {
			o.Uncertain = j.Uncertain // of the message nothing was sent
			return o, false, err
		}
		return o, true, nil // refused: the message itself will show what is wrong
	}
	*effects = append(*effects, conversation.ChatKnown{Conversation: j.Lane, Chat: made.Ref})
	if err = b.cards.LinkChat(ctx, a, m.Contact, made.Ref); temporary(err) && j.Attempts < linkTries {
		o = b.later(j, j.Uncertain, 0)
		o.Effects = *effects
		return o, false, err
	}
	if err != nil {
		b.log.Warn("link chat to contact", "account_id", string(a.ID), "conversation_id", string(j.Lane), "error", err)
	}
	return o, true, nil
}

// refused asks the history whether the chats service has the message after all.
func (b *Bridge) refused(ctx context.Context, p Product, a account.Account, j outbox.Job, m conversation.MessageJob, out amojo.Message, refusal error) (outbox.Outcome, error) {
	found, effects, err := b.find(ctx, p, a, j.Lane, out)
	if read(err) == refused {
		err = nil // what cannot be looked up is not found
	}
	if err != nil {
		// The look-up has an outcome of its own, which adds no doubt to the message.
		o, _ := b.outcome(ctx, a, j, err)
		o.Uncertain, o.Effects = j.Uncertain, effects
		return o, errors.Join(refusal, err)
	}
	if found != nil {
		visitor := found.Sender.Ref
		if m.Author != nil {
			visitor = found.Receiver.Ref
		}
		o := done(j, m, found.Ref, "", visitor)
		o.Effects = append(effects, o.Effects...)
		return o, nil
	}
	if j.Uncertain && j.Attempts < unknownTries {
		// A 200 is asynchronous: what arrived may not stand in the history yet.
		o := b.later(j, true, 0)
		o.Effects = effects
		return o, refusal
	}
	code := "refused_by_crm"
	if j.Uncertain {
		code = "unknown_outcome"
	}
	// The service's own words are for the owner of the server; the admin gets the code.
	b.log.Error("message parked", "account_id", string(a.ID), "conversation_id", string(j.Lane), "message_id", string(m.Message), "reason", code, "error", refusal)
	effects = append(effects, conversation.MessageFailed{Conversation: j.Lane, Message: m.Message, Code: code, At: b.now()})
	return outbox.Outcome{Verdict: outbox.Never, Effects: effects}, nil
}

// historyPages bounds how far back a message is looked for.
const historyPages = 4

// find looks for our message in the chat's history (client_id = msgid).
func (b *Bridge) find(ctx context.Context, p Product, a account.Account, lane chatid.ConversationID, m amojo.Message) (*amojo.HistoryMessage, []outbox.Effect, error) {
	c, err := b.conversations.ByID(ctx, a.ID, lane)
	if err != nil {
		return nil, nil, err
	}
	var effects []outbox.Effect
	chat := c.ChatRef
	if chat == "" {
		// The first message's answer was lost: creating the chat names the one
		// that exists (C §3.3).
		made, err := b.chats.CreateChat(ctx, p.Channel, a.Scope, amojo.NewChat{Conversation: lane, SourceID: m.SourceID, User: client(m)})
		if err != nil {
			return nil, nil, err
		}
		chat = made.Ref
		effects = append(effects, conversation.ChatKnown{Conversation: lane, Chat: chat})
	}
	for page := range historyPages {
		list, err := b.chats.History(ctx, p.Channel, a.Scope, chat, page*amojo.MaxHistoryPage, amojo.MaxHistoryPage)
		if err != nil {
			return nil, effects, err
		}
		for i := range list {
			if list[i].ID == m.ID {
				return &list[i], effects, nil
			}
		}
		if len(list) < amojo.MaxHistoryPage {
			break
		}
	}
	return nil, effects, nil
}

func done(j outbox.Job, m conversation.MessageJob, ref chatid.MessageRef, chat chatid.ChatRef, user chatid.UserRef) outbox.Outcome {
	return outbox.Outcome{Verdict: outbox.Done, Effects: []outbox.Effect{conversation.MessageSent{
		Conversation: j.Lane, Message: m.Message, Ref: ref, Chat: chat, User: user,
	}}}
}

// shortNumber tells anonymous visitors apart for people: the end of their id.
func shortNumber(v chatid.VisitorID) string {
	s := string(v)
	if len(s) < 4 {
		return s
	}
	return s[len(s)-4:]
}
