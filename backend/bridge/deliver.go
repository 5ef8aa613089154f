package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"leadline/backend/account"
	"leadline/backend/amojo"
	"leadline/backend/conversation"
	"leadline/backend/outbox"
)

// Handle delivers one job; it is the outbox's Handler. The table of outcomes is
// design.md §2.
func (b *Bridge) Handle(ctx context.Context, j outbox.Job) outbox.Outcome {
	// Made when something is to be said: a logger costs more than a job should.
	log := func() *slog.Logger {
		return b.log.With("conversation_id", string(j.Lane), "seq", j.Seq, "attempt", j.Attempts+1)
	}
	a, err := b.accounts.Account(ctx, j.Account)
	if err != nil {
		log().Error("deliver: read account", "error", err)
		return b.later(j, true, 0)
	}
	p, ok := b.products.byName[a.Product]
	if !ok || a.Scope == "" || a.State == account.Installed {
		log().Error("deliver: account has no channel", "account_id", string(a.ID))
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
	case conversation.JobEdit:
		var e conversation.EditJob
		if err = json.Unmarshal(j.Payload, &e); err == nil {
			o, err = b.edit(ctx, p, a, j, e)
		}
	case conversation.JobReact:
		var r conversation.ReactJob
		if err = json.Unmarshal(j.Payload, &r); err == nil {
			o, err = b.react(ctx, p, a, j, r)
		}
	case conversation.JobWroteFirst:
		var w conversation.WroteFirstJob
		if err = json.Unmarshal(j.Payload, &w); err == nil {
			o, err = b.wroteFirst(ctx, p, a, j, w)
		}
	case conversation.JobHeal:
		var h conversation.HealJob
		if err = json.Unmarshal(j.Payload, &h); err == nil {
			o, err = b.heal(ctx, p, a, j, h)
		}
	case conversation.JobClose:
		var c conversation.CloseJob
		if err = json.Unmarshal(j.Payload, &c); err == nil {
			o, err = b.closeTalk(ctx, a, j, c)
		}
	default:
		err = errors.New("unknown kind of job " + string(j.Kind))
	}
	if err != nil {
		log().Warn("deliver: "+string(j.Kind), "account_id", string(a.ID), "error", err)
	}
	if o.Verdict == 0 || away && o.Verdict == outbox.Later {
		// A payload that we cannot read ourselves; or a scope that is switched
		// off, whose reports are worth one try (C §5.2).
		o = outbox.Outcome{Verdict: outbox.Never}
	}
	if o.Verdict == outbox.Done && j.Kind != conversation.JobClose { // that one speaks to the CRM alone
		b.accounts.Works(ctx, a)
		b.rests.end(a.ID)
	}
	return o
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
