package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"leadline/backend/account"
	"leadline/backend/amojo"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/outbox"
)

// Handle delivers one job; it is the outbox's Handler. The table of outcomes is
// design.md §2.
func (b *Bridge) Handle(ctx context.Context, j outbox.Job) outbox.Outcome {
	log := b.log.With("conversation_id", string(j.Lane), "seq", j.Seq, "attempt", j.Attempts+1)
	a, err := b.accounts.Account(ctx, j.Account)
	if err != nil {
		log.Error("deliver: read account", "error", err)
		return b.later(j, true, 0)
	}
	p, ok := b.products.byName[a.Product]
	if !ok || a.Scope == "" || a.State == account.Installed {
		log.Error("deliver: account has no channel", "account_id", string(a.ID))
		return b.pause(j, awayPause)
	}
	away := a.State == account.Disconnected
	if away && j.Kind != conversation.JobStatus {
		return b.pause(j, awayPause)
	}
	var o outbox.Outcome
	switch j.Kind {
	case conversation.JobMessage:
		var m conversation.MessageJob
		if err = json.Unmarshal(j.Payload, &m); err == nil {
			o, err = b.message(ctx, p, a, j, m)
		}
	case conversation.JobStatus:
		var s conversation.StatusJob
		if err = json.Unmarshal(j.Payload, &s); err == nil {
			o, err = b.status(ctx, p, a, j, s)
		}
	default:
		err = errors.New("unknown kind of job " + string(j.Kind))
	}
	if err != nil {
		log.Warn("deliver: "+string(j.Kind), "account_id", string(a.ID), "error", err)
	}
	if o.Verdict == 0 || away && o.Verdict == outbox.Later {
		// A payload that we cannot read ourselves; or a scope that is switched
		// off, whose reports are worth one try (C §5.2).
		o = outbox.Outcome{Verdict: outbox.Never}
	}
	if o.Verdict == outbox.Done {
		b.accounts.Works(ctx, a)
	}
	return o
}

// message sends one inbound message. A nil error comes with Done only.
func (b *Bridge) message(ctx context.Context, p Product, a account.Account, j outbox.Job, m conversation.MessageJob) (outbox.Outcome, error) {
	name := m.Name
	if name == "" {
		name = b.texts(p.Language, "visitor.anonymous", map[string]any{"Number": shortNumber(m.Visitor)})
	}
	out := amojo.Message{
		ID: m.Message, Conversation: j.Lane, SentAt: time.UnixMilli(m.At), Out: amojo.Out{Text: m.Text},
		Sender: amojo.Participant{ID: m.Visitor, Name: name, Phone: m.Phone, Email: m.Email},
	}
	if p.MultipleSources {
		out.SourceID = m.Source
	}
	sent, err := b.chats.SendMessage(ctx, p.Channel, a.Scope, out)
	if err == nil {
		return done(j, m, sent.Ref, sent.Chat, sent.Sender), nil
	}
	o, settle := b.outcome(ctx, a, j, err)
	if settle {
		// 400, 409 and their like: a refusal, or the repeat of one that arrived.
		return b.refused(ctx, p, a, j, m, out, err)
	}
	return o, err
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
		o := done(j, m, found.Ref, "", found.Sender.Ref)
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
	effects = append(effects, conversation.MessageFailed{Conversation: j.Lane, Message: m.Message, Code: code})
	return outbox.Outcome{Verdict: outbox.Never, Effects: effects}, refusal
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
		made, err := b.chats.CreateChat(ctx, p.Channel, a.Scope, amojo.NewChat{Conversation: lane, SourceID: m.SourceID, User: m.Sender})
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

// status reports a delivery status. It is dropped rather than repeated for ever.
func (b *Bridge) status(ctx context.Context, p Product, a account.Account, j outbox.Job, s conversation.StatusJob) (outbox.Outcome, error) {
	report := amojo.DeliveryStatus{Status: amojo.Status(s.Status)}
	if s.Status == conversation.Failed {
		report.ErrorCode = amojo.ErrorCode(s.Code)
		report.Error = b.texts(p.Language, s.Text, nil)
	}
	err := b.chats.SetDeliveryStatus(ctx, p.Channel, a.Scope, s.Ref, report)
	o, _ := b.outcome(ctx, a, j, err)
	return o, err
}

// shortNumber tells anonymous visitors apart for people: the end of their id.
func shortNumber(v chatid.VisitorID) string {
	s := string(v)
	if len(s) < 4 {
		return s
	}
	return s[len(s)-4:]
}
