package conversation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// record notes what the service asks for; the store's own rules are tested in
// package store, on both databases.
type record struct {
	Store
	inbound   []NewInbound
	outbound  []NewOutbound
	receipts  []Receipt
	thread    *Conversation
	open      []Conversation
	rows      int
	duplicate bool
	taken     int
	published []int64
	fail      error
}

func (r *record) SaveInbound(_ context.Context, in NewInbound) (Saved, error) {
	r.inbound = append(r.inbound, in)
	if r.fail != nil {
		return Saved{}, r.fail
	}
	in.Message.Rev = 5
	if r.duplicate {
		return Saved{Message: in.Message, Visitor: in.Visitor.ID, Duplicate: true}, nil
	}
	return Saved{Message: in.Message, Visitor: in.Visitor.ID, Claim: &outbox.Claim{}, Job: &outbox.Job{}}, nil
}

func (r *record) SaveOutbound(_ context.Context, in NewOutbound) (Saved, error) {
	r.outbound = append(r.outbound, in)
	in.Message.Rev = 6
	return Saved{Message: in.Message, Visitor: "v", Duplicate: r.duplicate}, r.fail
}

func (r *record) SaveReceipt(_ context.Context, in Receipt) (Reported, error) {
	r.receipts = append(r.receipts, in)
	return Reported{Changed: 1, Rev: 7}, nil
}

func (r *record) ConversationOf(context.Context, chatid.AccountID, chatid.ChatID, chatid.VisitorID) (Conversation, error) {
	if r.thread == nil {
		return Conversation{}, fault.New(fault.NotFound, "not_found")
	}
	return *r.thread, nil
}

func (r *record) Open(context.Context, chatid.AccountID, chatid.ChatID, chatid.VisitorID) ([]Conversation, error) {
	return r.open, nil
}

func (r *record) Conversation(_ context.Context, _ chatid.AccountID, id chatid.ConversationID) (Conversation, error) {
	for _, c := range r.open {
		if c.ID == id {
			return c, nil
		}
	}
	return Conversation{}, fault.New(fault.NotFound, "not_found")
}

func (r *record) Before(_ context.Context, _ chatid.ConversationID, _ Place, limit int) ([]Message, error) {
	list := make([]Message, min(limit, r.rows))
	for i := range list {
		list[i].Seq = int64(r.rows - len(list) + i + 1)
	}
	return list, nil
}

func (r *record) Take(outbox.Claim, outbox.Job)                                     { r.taken++ }
func (r *record) Lease() time.Duration                                              { return 30 * time.Second }
func (r *record) Typing(chatid.ConversationID, chatid.VisitorID, time.Time, string) {}
func (r *record) Publish(_ chatid.ConversationID, _ chatid.VisitorID, rev int64, _ *Message) {
	r.published = append(r.published, rev)
}

func newTestService(r *record) *Service {
	n := 0
	return NewService(r, r, r, func() string { n++; return fmt.Sprintf("id-%d", n) }, func() time.Time { return time.UnixMilli(1767225600123) })
}

var (
	someone  = Who{Account: "acc", Chat: "chat", Visitor: "v"}
	clientID = chatid.ClientID("0198c0de-0000-7000-8000-000000000001")
)

// TestWriteTexts: what is taken, and as what it is stored.
func TestWriteTexts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want, code string }{
		"plain": {"hello", "hello", ""}, "blanks stay inside": {"  a\n b ", "  a\n b ", ""},
		"NUL": {"a\x00b", "ab", ""}, "no UTF-8": {"a\xffb", "a\uFFFDb", ""},
		"longest":  {strings.Repeat("ж", MaxTextRunes), strings.Repeat("ж", MaxTextRunes), ""},
		"too long": {strings.Repeat("ж", MaxTextRunes+1), "", "text_too_long"},
		"empty":    {"", "", "empty_text"}, "blank": {" \n\u00a0\t", "", "empty_text"}, "only NUL": {"\x00\x00", "", "empty_text"},
	} {
		r := &record{}
		_, err := newTestService(r).Write(t.Context(), someone, Draft{ClientID: clientID, Text: c.text})
		if c.code != "" {
			if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != c.code || f.Kind != fault.Invalid || len(r.inbound) != 0 {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
			continue
		}
		if err != nil || r.inbound[0].Message.Text != c.want || r.inbound[0].MaxWaiting != MaxWaitingPerLane || r.taken != 1 || len(r.published) != 1 {
			t.Errorf("%s: %v, stored %+v", name, err, r.inbound)
		}
	}
	for _, id := range []chatid.ClientID{"", "x", clientID + "0"} {
		if _, err := newTestService(&record{}).Write(t.Context(), someone, Draft{ClientID: id, Text: "x"}); !fault.Is(err, fault.Invalid) {
			t.Errorf("client id %q: %v", id, err)
		}
	}
}

// TestWriteBounds: what the page claims is cut to one short line.
func TestWriteBounds(t *testing.T) {
	t.Parallel()
	r := &record{}
	if _, err := newTestService(r).Write(t.Context(), someone, Draft{
		ClientID: clientID, Text: "x", Name: " Anna\r\nX-Header: 1\x00 ", Phone: strings.Repeat("9", 99), Email: strings.Repeat("й", 500), Alias: strings.Repeat("a", 500),
	}); err != nil {
		t.Fatal(err)
	}
	v := r.inbound[0].Visitor
	if v.Name != "Anna  X-Header: 1" || len(v.Phone) != 40 || len([]rune(v.Email)) != 120 || len(v.Alias) != 128 {
		t.Errorf("stored %+v", v)
	}
}

// TestRepeatsAreSilent: a repeat, and what was not stored, moves nothing.
func TestRepeatsAreSilent(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*record{"repeat": {duplicate: true}, "not stored": {fail: fault.New(fault.Unavailable, "storage_unavailable")}} {
		s := newTestService(r)
		_, err1 := s.Write(t.Context(), someone, Draft{ClientID: clientID, Text: "x"})
		err2 := s.Receive(t.Context(), Received{Account: "acc", Ref: "m", Kind: "text", Text: "x"})
		if (err1 != nil) != (r.fail != nil) || (err2 != nil) != (r.fail != nil) || r.taken != 0 || len(r.published) != 0 {
			t.Errorf("%s: %v %v, %d lanes, published %v", name, err1, err2, r.taken, r.published)
		}
	}
}

// TestReceiveReports: C §3.5, which error the operator is told.
func TestReceiveReports(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   Received
		code int
	}{
		"text": {Received{Kind: "text", Text: "x"}, 0}, "picture": {Received{Kind: "picture", Media: &Media{URL: "https://amojo.amocrm.ru/a"}}, 0},
		"nothing to show": {Received{Kind: "picture"}, 905}, "a new kind with words": {Received{Kind: "poll", Text: "x"}, 0}, "a new kind": {Received{Kind: "poll"}, 905},
		"disconnected": {Received{Kind: "text", Text: "x", Away: true}, 902}, "both": {Received{Kind: "voice", Away: true}, 902},
		"location": {Received{Kind: "location", Content: Content{Location: &Location{}}}, 0}, "buttons alone": {Received{Kind: "text", Content: Content{Markup: &Markup{}}}, 0},
	} {
		r := &record{}
		c.in.Ref = "m"
		if err := newTestService(r).Receive(t.Context(), c.in); err != nil {
			t.Fatal(err)
		}
		in := r.outbound[0]
		if (in.KindRefused == nil) != (c.code == 0) || c.code != 0 && in.KindRefused.Code != c.code {
			t.Errorf("%s: %+v", name, in)
		}
		if (in.File != nil) != (c.in.Media != nil) || in.Message.Pending != (in.File != nil) || in.File != nil && (in.File.State != FileLoading || in.File.ID != in.Message.File) {
			t.Errorf("%s: file %+v of %+v", name, in.File, in.Message)
		}
		if in.Message.At != 1767225600123 {
			t.Errorf("%s: a hook without a time is of %d", name, in.Message.At)
		}
	}
}

// TestReport: a browser is believed up to the counter, and forward only.
func TestReport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ delivered, seen, wantDelivered, wantSeen int64 }{
		{5, 0, 5, 0}, {0, 5, 5, 5}, {99, 99, 10, 10}, {4, 6, 6, 6},
		{3, 2, 0, 0}, {0, 0, 0, 0}, {-1, -1, 0, 0}, // nothing new
	} {
		r := &record{thread: &Conversation{ID: "c", Seq: 10, DeliveredSeq: 3, SeenSeq: 2}}
		if err := newTestService(r).Report(t.Context(), someone, c.delivered, c.seen); err != nil {
			t.Fatal(err)
		}
		if c.wantDelivered == 0 {
			if len(r.receipts) != 0 {
				t.Errorf("%+v: stored %+v", c, r.receipts)
			}
		} else if len(r.receipts) != 1 || r.receipts[0].Delivered != c.wantDelivered || r.receipts[0].Seen != c.wantSeen {
			t.Errorf("%+v: stored %+v", c, r.receipts)
		}
	}
	r := &record{}
	if err := newTestService(r).Report(t.Context(), someone, 5, 5); err != nil || len(r.receipts) != 0 {
		t.Errorf("who never wrote: %v %+v", err, r.receipts)
	}
}

// TestHistoryBounds: pages of 1 to MaxPage, and whether there is more.
func TestHistoryBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rows, limit, want int
		more              bool
	}{{0, 50, 0, false}, {50, 50, 50, false}, {51, 50, 50, true}, {500, 1000, MaxPage, true}, {5, 0, 1, true}, {5, -3, 1, true}} {
		r := &record{thread: &Conversation{ID: "c", Seq: 9}, rows: c.rows}
		p, err := newTestService(r).History(t.Context(), someone, Place{}, c.limit)
		if err != nil || len(p.Messages) != c.want || p.More != c.more || p.Cursor != 9 {
			t.Errorf("%+v: %d messages, more %v, cursor %d, %v", c, len(p.Messages), p.More, p.Cursor, err)
		}
		if n := len(p.Messages); n > 0 && p.Messages[n-1].Seq != int64(c.rows) {
			t.Errorf("%+v: the page ends with %d, want the newest", c, p.Messages[n-1].Seq)
		}
	}
	if p, err := newTestService(&record{}).History(t.Context(), someone, Place{}, 50); err != nil || len(p.Messages) != 0 || p.Cursor != 0 {
		t.Errorf("who never wrote: %+v %v", p, err)
	}
}
