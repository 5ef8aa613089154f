// Package outbox is the durable, ordered queue between what was accepted and
// what must reach the CRM.
//
// A job is stored in the transaction of the message that it delivers. The jobs
// of one conversation form its lane and go out one by one, in order; a lane
// that fails waits by itself and delays no other. Whoever works on a lane holds
// its claim: a token with a lease, so that several instances may share the
// work and a dead one loses it.
//
// The package knows nothing of messages, of the Chats API or of SQL: a Handler
// does the job and says how it ended, a Store keeps it.
//
// States of a lane:
//
//	idle ──job stored──▶ claimed (by the instance that stored it, or by a poller)
//	claimed ──all jobs done──▶ idle
//	claimed ──Later──▶ due (at a time) ──poller──▶ claimed
//	claimed ──lease runs out──▶ due ──another poller──▶ claimed
package outbox

import (
	"context"
	"time"

	"leadline/backend/chatid"
)

// Kind names what a job does; the Handler knows the kinds.
type Kind string

// Job is one delivery that waits in a lane.
type Job struct {
	Lane    chatid.ConversationID
	Account chatid.AccountID
	// Seq is the job's place in its lane; jobs leave in rising order.
	Seq  int64
	Kind Kind
	// Payload is the kind's own JSON, at most MaxPayloadBytes.
	Payload []byte
	// Attempts counts tries that ended in Later and were the other side's fault.
	Attempts int
	// Uncertain is set when a try ended without an answer: it may have arrived.
	Uncertain bool
}

// MaxPayloadBytes bounds a job's payload: the longest message text, escaped.
const MaxPayloadBytes = 64 << 10

// Claim is the right to work on one lane until Until.
type Claim struct {
	Lane    chatid.ConversationID
	Account chatid.AccountID
	// Token fences writes: the store refuses settling with a token that is no
	// longer the lane's.
	Token string
	Until time.Time
	// Recovered: the former holder vanished without settling or releasing (its
	// token was still there when the lease ran out), so the lane's first job may
	// have arrived. The worker then treats that job as Uncertain.
	Recovered bool
}

// Verdict says how a job ended.
type Verdict uint8

const (
	// Done: delivered; the job is removed.
	Done Verdict = iota + 1
	// Later: it stays first in its lane and is tried again at Outcome.At.
	Later
	// Never: it will not be delivered; the job is removed, the lane goes on.
	Never
)

// Effect is what changes in the domain when a job ends, applied by the store in
// the transaction that settles the job. Domain packages define the effects;
// the store knows them by type.
type Effect interface{ OutboxEffect() }

// Outcome is a Verdict with its circumstances.
type Outcome struct {
	Verdict Verdict
	// At is when to try again (Later only).
	At time.Time
	// Counted tells whether the try counts against the job (Later only): a
	// rate limit or our own shutdown does not.
	Counted bool
	// Uncertain marks the job for the next try (Later only).
	Uncertain bool
	// PauseAccount holds back every lane of the account until At (Later only).
	PauseAccount bool
	// Effects are applied in order, whatever the verdict.
	Effects []Effect
}

// Store keeps jobs and lanes. Every method is one transaction.
type Store interface {
	// ClaimDue gives up to n lanes that are due at now, whose lease (if any) has
	// run out and whose account is not paused, each with a fresh token and a
	// lease until now+lease. Two callers never get the same lane. Accounts in
	// skip are passed over.
	ClaimDue(ctx context.Context, now time.Time, lease time.Duration, n int, skip []chatid.AccountID) ([]Claim, error)
	// NextDue is the earliest time at which ClaimDue may find something; ok is
	// false when nothing waits.
	NextDue(ctx context.Context) (at time.Time, ok bool, err error)
	// Jobs reads the first limit jobs of a claimed lane, in order.
	Jobs(ctx context.Context, c Claim, limit int) ([]Job, error)
	// Renew moves the lease; ErrLost when the token is not the lane's any more.
	Renew(ctx context.Context, c Claim, until time.Time) error
	// Settle stores how the job ended. Done and Never remove it; when it was
	// the lane's last the lane becomes idle and more is false. Later keeps it and
	// gives the lane back, due at o.At (the account's pause included). ErrLost
	// when the token is not the lane's any more: nothing was changed.
	Settle(ctx context.Context, c Claim, j Job, o Outcome) (more bool, err error)
	// Adopt is called at start, before anything is stored: where the database
	// admits a single process, every claim in it, of lanes and of files that were
	// being fetched, is of a dead one and becomes due at once. Where others may live nothing happens, and leases run out by themselves.
	Adopt(ctx context.Context) error
	// Release gives an unfinished lane back, due at once (orderly shutdown).
	Release(ctx context.Context, c Claim) error
}

// Handler does jobs. It must be safe for concurrent use; one lane is never
// handled twice at a time.
type Handler interface {
	// Handle tries once. It honours ctx, which ends before the lease does.
	Handle(ctx context.Context, j Job) Outcome
}
