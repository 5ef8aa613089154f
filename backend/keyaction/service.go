package keyaction

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

const (
	// MaxRemembered bounds what waits for the lead of one browser (KEY-5).
	MaxRemembered = 50
	// MaxPerDay bounds what one visitor can make happen in the CRM in a day (SEC-10).
	MaxPerDay = 50
)

// JobKind is the kind of work on the CRM's cards that an action asks for; its data is
// a Job.
const JobKind outbox.Kind = "key_action"

// Job is the CRM's part of one time that an action happened: a note, and the
// reactions in order.
type Job struct {
	Fired     string     `json:"fired"`
	Name      string     `json:"name"`
	At        int64      `json:"at"` // Unix milliseconds
	Reactions []Reaction `json:"reactions,omitempty"`
}

// Store keeps actions and what happened.
type Store interface {
	// Actions lists a button's actions in their order.
	Actions(ctx context.Context, a chatid.AccountID, b chatid.ButtonID) ([]Action, error)
	// SaveAction stores an action, a new one behind the others. fault.Conflict
	// "too_many_actions" when the button has most already; fault.NotFound for another
	// button's id.
	SaveAction(ctx context.Context, a chatid.AccountID, b chatid.ButtonID, act Action, made bool, most int) error
	// RemoveAction and MoveAction (by one place, up or down); fault.NotFound.
	RemoveAction(ctx context.Context, a chatid.AccountID, b chatid.ButtonID, id string) error
	MoveAction(ctx context.Context, a chatid.AccountID, b chatid.ButtonID, id string, up bool) error

	// SaveFired stores that an action happened unless its constraint forbids it by what
	// is stored already: ok is false then, and for a repeat of ClientID it is what it
	// was. It fills Visitor and Lead in, and sets CRMState to Dropped where more than
	// remembered wait of one browser, or more than perDay happened to one visitor that
	// day; with twice as much it stores nothing.
	SaveFired(ctx context.Context, f Fired, c Constraint, remembered, perDay int) (stored Fired, ok, repeat bool, err error)
	// Bind gives a browser to a visitor, and lists what is remembered of it, oldest
	// first: that is the visitor's from now on. A browser of which nothing is known is
	// left alone.
	Bind(ctx context.Context, a chatid.AccountID, key string, v chatid.VisitorID) ([]Fired, error)
	// Unhanded lists up to limit lines of visitors that are Remembered since before a
	// time, oldest first.
	Unhanded(ctx context.Context, before time.Time, limit int) ([]Fired, error)
	// SetCRM stores how far the CRM's part has come; what has ended stays so, and lead 0
	// changes nothing.
	SetCRM(ctx context.Context, a chatid.AccountID, id string, lead int64, st State, problem string) error
	// Log lists up to limit lines of a button that stand before the id, newest first.
	Log(ctx context.Context, a chatid.AccountID, b chatid.ButtonID, before string, limit int) ([]Fired, error)
	// Prune forgets lines and browsers of before a time, and of each account all lines
	// but the newest keep.
	Prune(ctx context.Context, before time.Time, keep int) error
	Hooks
}

// Cards has work done with a visitor's lead; it is conversation.Service.
type Cards interface {
	WhenVisitorHasLead(ctx context.Context, a chatid.AccountID, v chatid.VisitorID, kind outbox.Kind, data any) error
}

// Deps are what a Service needs of others.
type Deps struct {
	Store Store
	Cards Cards
	// Zone gives an account's time zone, UTC where it is not known. It may ask the CRM.
	Zone func(ctx context.Context, a chatid.AccountID) *time.Location
	// Choices lists what of an account's CRM an action can name. It may ask the CRM; what
	// cannot be had is empty.
	Choices func(ctx context.Context, a chatid.AccountID) Choices
	// Poster sends hooks.
	Poster Poster
	NewID  func() string
	Now    func() time.Time
	Logger *slog.Logger
}

// Choice is something of the CRM, by its number there.
type Choice struct {
	ID   int64
	Name string
}

// Choices are the types of tasks and the fields of leads that an account has.
type Choices struct{ TaskTypes, Fields []Choice }

// Service keeps key actions and does what follows when one happens.
type Service struct {
	Deps
	hooks chan struct{}
}

// NewService wires a service.
func NewService(d Deps) *Service { return &Service{Deps: d, hooks: make(chan struct{}, 1)} }

// Actions lists a button's actions in their order.
func (s *Service) Actions(ctx context.Context, a chatid.AccountID, b chatid.ButtonID) ([]Action, error) {
	return s.Store.Actions(ctx, a, b)
}

// Action finds one of a button; fault.NotFound.
func (s *Service) Action(ctx context.Context, a chatid.AccountID, b chatid.ButtonID, id string) (Action, error) {
	list, err := s.Store.Actions(ctx, a, b)
	if err != nil {
		return Action{}, err
	}
	for _, one := range list {
		if one.ID == id {
			return one, nil
		}
	}
	return Action{}, fault.New(fault.NotFound, "not_found")
}

// Save stores an action, a new one where it has no id; it gives the id. Errors:
// fault.Invalid invalid_request for one that Check refuses, fault.Conflict
// too_many_actions, fault.NotFound.
func (s *Service) Save(ctx context.Context, a chatid.AccountID, b chatid.ButtonID, act Action) (string, error) {
	if p := act.Check(); len(p) > 0 {
		return "", fault.Wrap(fault.Invalid, "invalid_request", p[0])
	}
	made := act.ID == ""
	if made {
		act.ID = s.NewID()
	}
	return act.ID, s.Store.SaveAction(ctx, a, b, act, made, MaxActions)
}

// Remove removes an action; what it did stays in the log. fault.NotFound.
func (s *Service) Remove(ctx context.Context, a chatid.AccountID, b chatid.ButtonID, id string) error {
	return s.Store.RemoveAction(ctx, a, b, id)
}

// Move changes places with the action before or behind it. fault.NotFound.
func (s *Service) Move(ctx context.Context, a chatid.AccountID, b chatid.ButtonID, id string, up bool) error {
	return s.Store.MoveAction(ctx, a, b, id, up)
}

// Log lists up to limit of what happened at a button before the id, newest first.
func (s *Service) Log(ctx context.Context, a chatid.AccountID, b chatid.ButtonID, before string, limit int) (list []Fired, more bool, err error) {
	list, err = s.Store.Log(ctx, a, b, before, limit+1)
	if len(list) > limit {
		return list[:limit], true, err
	}
	return list, false, err
}

// Report is a browser's word that an action's conditions held.
type Report struct {
	Account  chatid.AccountID
	Button   chatid.ButtonID
	Key      string // of the browser: 22 to 64 characters that nobody can guess
	ClientID string
	Action   string
	// Group is the index of the group of conditions that held.
	Group int
	Page  Page
}

// Report takes in that an action happened: it goes to the log, its hook is sent, and
// its CRM reactions are done when the visitor has a lead (KEY-5). fired is false where
// its constraint forbids it by our own record; what the browser may have done
// meanwhile nobody can undo. Repeating a report gives the same answer.
//
// Errors: fault.NotFound for an action that the button has not; fault.Invalid
// invalid_request for a group that it has not; fault.Unavailable storage_unavailable.
func (s *Service) Report(ctx context.Context, r Report) (fired bool, err error) {
	act, err := s.Action(ctx, r.Account, r.Button, r.Action)
	if err != nil {
		return false, err
	}
	if r.Group < 0 || r.Group >= len(act.Conditions) {
		return false, fault.New(fault.Invalid, "invalid_request")
	}
	now := s.Now()
	f := Fired{
		ID: s.NewID(), Account: r.Account, Button: r.Button, ClientID: r.ClientID, Action: act.ID, Name: act.Name, Key: r.Key,
		At: now, Day: now.In(s.Zone(ctx, r.Account)).Format(time.DateOnly), Why: act.Conditions[r.Group], Page: r.Page,
		CRM: act.Of(Reaction.InCRM), CRMState: Remembered, Hook: act.hookURL(),
	}
	if f.Hook != "" {
		f.HookState = Waiting
	}
	f, ok, repeat, err := s.Store.SaveFired(ctx, f, act.Constraint, MaxRemembered, MaxPerDay)
	if err != nil || !ok {
		return false, err
	}
	if repeat {
		return true, nil
	}
	if f.HookState == Waiting {
		s.wake()
	}
	if f.CRMState == Remembered && f.Visitor != "" {
		err = s.hand(ctx, f)
	}
	return true, err
}

// Bind tells that a visitor writes from a browser: what the browser reported before,
// and will report from now on, is theirs. It is the visitor's own word.
func (s *Service) Bind(ctx context.Context, who conversation.Who, key string) error {
	list, err := s.Store.Bind(ctx, who.Account, key, who.Visitor)
	if err != nil {
		return err
	}
	for _, f := range list {
		if err := s.hand(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// hand has the CRM's part done as soon as the visitor has a lead.
func (s *Service) hand(ctx context.Context, f Fired) error {
	err := s.Cards.WhenVisitorHasLead(ctx, f.Account, f.Visitor, JobKind, Job{Fired: f.ID, Name: f.Name, At: f.At.UnixMilli(), Reactions: f.CRM})
	switch {
	case fault.Is(err, fault.Limited):
		return s.Store.SetCRM(ctx, f.Account, f.ID, 0, Dropped, "")
	case err != nil:
		return err // Run tries again
	}
	return s.Store.SetCRM(ctx, f.Account, f.ID, 0, Waiting, "")
}

// Ended takes in how the CRM's part of what happened has ended: with which lead, and
// with what problem, "" for none.
func (s *Service) Ended(ctx context.Context, a chatid.AccountID, fired string, lead int64, problem string) error {
	st := Done
	if problem != "" {
		st = Failed
	}
	return s.Store.SetCRM(ctx, a, fired, lead, st, problem)
}

// ReadJob reads the data of work of JobKind.
func ReadJob(data []byte) (Job, error) {
	var j Job
	if err := json.Unmarshal(data, &j); err != nil {
		return j, err
	}
	if j.Fired == "" {
		return j, errors.New("key action: the job names nothing that happened")
	}
	return j, nil
}
