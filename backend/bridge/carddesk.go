package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

const (
	// cardAway is how long an account's cards rest that gives no access, or is not
	// paid; cardWaits how often it is looked whether an incoming lead was accepted of
	// which no webhook told.
	cardAway  = 5 * time.Minute
	cardWaits = 10 * time.Minute
	// cardTries bounds the repeats of card work that we fail in ourselves.
	cardTries = 5
	// CardTimeout bounds one try of card work: several calls, each of which may wait
	// for the rates.
	CardTimeout = 20 * time.Second
	// sweepEvery is how often work is dropped whose lead never came.
	sweepEvery = time.Hour
)

// ErrLeadWaits and ErrLeadGone are what becomes of a refusal by the CRM: the lead
// is an incoming one, which the API may not be allowed to change before somebody
// accepts it (C §7.5); or it was removed (O, CON-10).
var (
	ErrLeadWaits = errors.New("bridge: the incoming lead was not accepted yet")
	ErrLeadGone  = errors.New("bridge: the lead is gone")
)

// CardTask is one piece of card work in hand: what it is about, and which parts of
// it were done.
type CardTask struct {
	conversation.Cards
	Account account.Account
	Kind    outbox.Kind
	// At is when it was asked for.
	At time.Time
	// Again: it was tried before, and what it left unmarked may have been done.
	Again bool

	marked []string
}

// Did tells whether a part was done, in this try or in any before it.
func (t *CardTask) Did(mark string) bool {
	return slices.Contains(t.Marks, mark) || slices.Contains(t.marked, mark)
}

// Mark notes that a part was done. It is stored with the end of the try.
func (t *CardTask) Mark(mark string) { t.marked = append(t.marked, mark) }

// CardHandler does one kind of card work, see CardDesk. A fault that it returns
// decides what becomes of the work; it may be called again after any error and after a crash.
type CardHandler func(ctx context.Context, t *CardTask, data json.RawMessage) error

// CardConversations is the conversation service, as far as card work needs it.
type CardConversations interface {
	CardsOf(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) (conversation.Cards, error)
	DropCardWork(ctx context.Context, n int) ([]conversation.CardWork, error)
	LinkedTo(ctx context.Context, a chatid.AccountID, id chatid.ConversationID, lead int64, contact chatid.ContactID) error
}

// CardDeskDeps are what a CardDesk needs of others.
type CardDeskDeps struct {
	Cards         *CardFile
	Accounts      SyncAccounts
	Conversations CardConversations
	Now           func() time.Time
	Logger        *slog.Logger
}

// CardDesk does the work on the CRM's cards that waits for a conversation's lead:
// it is the handler of a second outbox, whose lanes are conversations too. Who has
// something to do there asks by conversation.Service.WhenLeadKnown, under a kind
// that has a handler here:
//
//	desk.Handle(KindAction, func(ctx context.Context, t *bridge.CardTask, data json.RawMessage) error {
//		…
//		return desk.NoteOnce(ctx, t, amocrm.EntityLead, "action/"+id, text)
//	})
//	conversations.WhenLeadKnown(ctx, account, conversation, KindAction, action)
//
// The work of a conversation is done in order, one piece after the other:
//
//	the handler gives            the work
//	nil                          is done
//	Limited (429, a block)       later, not counted; the account's cards rest
//	not paid (402)               later, not counted; the account's cards rest
//	Unauthenticated              later, not counted, until we have access again
//	Unavailable, Timeout         later; 403 cardTries times
//	ErrLeadWaits                 later, not counted, until the lead is accepted
//	ErrLeadGone                  is dropped (CON-10)
//	NotFound, Invalid            ErrLeadWaits or ErrLeadGone if the lead is to blame, else is dropped
//	any other error              later, cardTries times
//
// and is dropped when it is older than conversation.CardWorkFor.
type CardDesk struct {
	CardDeskDeps
	handlers map[outbox.Kind]CardHandler
	dropped  map[outbox.Kind]func(ctx context.Context, a chatid.AccountID, data json.RawMessage) error
}

// NewCardDesk wires a CardDesk; an outbox.Worker with its store.Cards must run.
func NewCardDesk(d CardDeskDeps) *CardDesk {
	return &CardDesk{
		CardDeskDeps: d, handlers: map[outbox.Kind]CardHandler{}, dropped: map[outbox.Kind]func(context.Context, chatid.AccountID, json.RawMessage) error{},
	}
}

// On sets the handler of a kind, before the worker runs. It panics for a kind that
// has one.
func (d *CardDesk) On(k outbox.Kind, h CardHandler) {
	if d.handlers[k] != nil {
		panic("bridge: two handlers of card work " + string(k))
	}
	d.handlers[k] = h
}

// OnDropped sets who is told of work of a kind that is given up: that has no lead, or
// one that is gone, or was refused. It is told once, but for a crash.
func (d *CardDesk) OnDropped(k outbox.Kind, told func(ctx context.Context, a chatid.AccountID, data json.RawMessage) error) {
	d.dropped[k] = told
}

func (d *CardDesk) drop(ctx context.Context, a chatid.AccountID, k outbox.Kind, data json.RawMessage) {
	if told := d.dropped[k]; told != nil {
		if err := told(ctx, a, data); err != nil {
			d.Logger.Error("tell of card work that was dropped", "account_id", string(a), "kind", string(k), "error", err)
		}
	}
}

// sweepAtOnce bounds the work that is dropped in one transaction.
const sweepAtOnce = 200

func (d *CardDesk) sweep(ctx context.Context) {
	for more := true; more; {
		list, err := d.Conversations.DropCardWork(ctx, sweepAtOnce)
		if err != nil && ctx.Err() == nil {
			d.Logger.Error("drop card work", "error", err)
		}
		if len(list) > 0 {
			d.Logger.Info("card work dropped: no lead came", "count", len(list))
		}
		for _, w := range list {
			d.drop(ctx, w.Account, w.Kind, w.Job.Data)
		}
		more = err == nil && len(list) == sweepAtOnce
	}
}

// Run drops the work whose lead never came, until ctx ends.
func (d *CardDesk) Run(ctx context.Context) {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		d.sweep(ctx)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// Handle implements outbox.Handler.
func (d *CardDesk) Handle(ctx context.Context, j outbox.Job) outbox.Outcome {
	log := d.Logger.With("conversation_id", string(j.Lane), "account_id", string(j.Account), "kind", string(j.Kind), "attempt", j.Attempts+1)
	a, err := d.Accounts.Account(ctx, j.Account)
	if err != nil {
		log.Error("card work: read account", "error", err)
		return d.later(j, 0)
	}
	var p conversation.CardJob
	h := d.handlers[j.Kind]
	if err := json.Unmarshal(j.Payload, &p); err != nil || h == nil {
		log.Error("card work that nobody understands")
		return outbox.Outcome{Verdict: outbox.Never}
	}
	t := &CardTask{Account: a, Kind: j.Kind, At: time.UnixMilli(p.At).UTC(), Again: j.Uncertain || j.Attempts > 0}
	if d.Now().Sub(t.At) > conversation.CardWorkFor {
		log.Warn("card work dropped", "reason", "too old")
		d.drop(ctx, j.Account, j.Kind, p.Data)
		return outbox.Outcome{Verdict: outbox.Never}
	}
	if !following(a) {
		return d.rest(j, cardAway)
	}
	if t.Cards, err = d.Conversations.CardsOf(ctx, j.Account, j.Lane); err != nil {
		log.Error("card work: read conversation", "error", err)
		return d.later(j, 0)
	}
	err = h(ctx, t, p.Data)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
		err = d.Refused(ctx, t, err)
	}
	o := d.outcome(ctx, t, j, err, log)
	if o.Verdict == outbox.Never {
		d.drop(ctx, j.Account, j.Kind, p.Data)
	}
	if len(t.marked) > 0 {
		o.Effects = []outbox.Effect{conversation.CardsMarked{Conversation: j.Lane, Marks: t.marked}}
	}
	return o
}

// outcome is the table of CardDesk.
func (d *CardDesk) outcome(ctx context.Context, t *CardTask, j outbox.Job, err error, log *slog.Logger) outbox.Outcome {
	if err == nil {
		d.Accounts.Paid(ctx, t.Account)
		return outbox.Outcome{Verdict: outbox.Done}
	}
	f, _ := errors.AsType[*fault.Error](err)
	switch {
	case errors.Is(err, ErrLeadWaits):
		return d.wait(j)
	case errors.Is(err, ErrLeadGone):
		log.Info("card work dropped", "reason", "the lead is gone")
		return outbox.Outcome{Verdict: outbox.Never}
	case amocrm.Unpaid(err):
		d.Accounts.Unpaid(ctx, t.Account)
		return d.rest(j, cardAway)
	case fault.Is(err, fault.Unauthenticated):
		return d.rest(j, cardAway)
	case fault.Is(err, fault.Limited):
		return d.rest(j, max(f.RetryAfter, pauseMin))
	case forbidden(err) && j.Attempts >= cardTries: // it is not that the account moved
		log.Warn("card work dropped", "reason", "not allowed", "error", err)
		return outbox.Outcome{Verdict: outbox.Never}
	case fault.Is(err, fault.Unavailable), fault.Is(err, fault.Timeout):
		log.Info("card work: later", "error", err)
		return d.later(j, f.RetryAfter)
	case fault.Is(err, fault.NotFound), fault.Is(err, fault.Invalid), j.Attempts >= cardTries:
		log.Warn("card work dropped", "reason", "refused", "error", err)
		return outbox.Outcome{Verdict: outbox.Never}
	}
	log.Error("card work", "error", err)
	return d.later(j, 0)
}

// Refused tells what stands behind a refusal of the CRM to change a task's lead or
// contact: ErrLeadWaits, ErrLeadGone, another fault of the asking, or err itself,
// because the request is to blame.
func (d *CardDesk) Refused(ctx context.Context, t *CardTask, err error) error {
	l, asked := d.Cards.Lead(ctx, t.Account, t.Lead)
	gone := fault.Is(asked, fault.NotFound) || asked == nil && l.Deleted
	if asked != nil && !gone {
		return asked
	}
	_, sure, asked := d.Cards.Incoming(ctx, t.Account, t.Lead, l.Pipeline)
	switch {
	case asked == nil, fault.Is(asked, fault.NotFound) && !sure: // it may be one
		return ErrLeadWaits
	case !fault.Is(asked, fault.NotFound):
		return asked
	case gone:
		return ErrLeadGone
	}
	return err
}

// NoteOnce writes a note into a card of the task, its lead's or its contact's,
// unless mark says that it was done. After a try whose end nobody knows it looks
// for the note first.
func (d *CardDesk) NoteOnce(ctx context.Context, t *CardTask, e amocrm.Entity, mark, text string) error {
	id := t.card(e)
	if t.Did(mark) || id == 0 {
		return nil
	}
	if t.Again {
		there, err := d.Cards.Notes(ctx, t.Account, e, id)
		if err != nil {
			return err
		}
		for _, n := range there {
			if strings.TrimSpace(n.Text) == strings.TrimSpace(text) && !n.CreatedAt.Before(t.At.Add(-crmClock)) {
				t.Mark(mark)
				return nil
			}
		}
	}
	if err := d.Cards.AddNote(ctx, t.Account, e, id, text); err != nil {
		return err
	}
	t.Mark(mark)
	return nil
}

// crmClock is how far the CRM's clock may lie from ours.
const crmClock = time.Minute

// card is the id of the task's card; 0 for none.
func (t *CardTask) card(e amocrm.Entity) int64 {
	if e == amocrm.EntityContact {
		return int64(t.Contact)
	}
	return t.Lead
}

// later tries again after a growing pause.
func (d *CardDesk) later(j outbox.Job, atLeast time.Duration) outbox.Outcome {
	return outbox.Outcome{Verdict: outbox.Later, Counted: true, Uncertain: true, At: d.Now().Add(max(atLeast, outbox.Backoff(j.Attempts)))}
}

// rest leaves all cards of the account alone for a while.
func (d *CardDesk) rest(j outbox.Job, pause time.Duration) outbox.Outcome {
	return outbox.Outcome{Verdict: outbox.Later, PauseAccount: true, Uncertain: j.Uncertain, At: d.Now().Add(pause)}
}

// wait looks again later, or when a webhook tells that the lead was accepted.
func (d *CardDesk) wait(j outbox.Job) outbox.Outcome {
	return outbox.Outcome{Verdict: outbox.Later, Uncertain: j.Uncertain, At: d.Now().Add(cardWaits)}
}
