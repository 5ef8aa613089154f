package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"leadline/backend/sandbox"
)

// talker is one conversation: its visitor, who writes, and what both sides did.
type talker struct {
	s       *soak
	n       int // of all conversations
	account sandbox.Account
	v       *visitor
	stream  *listener
	dice    *rand.Rand
	chat    sandbox.Chat // once it is known

	mu        sync.Mutex
	wrote     []message           // as acknowledged, with the text of the last edit
	said      []sandbox.Message   // by operators
	reacted   map[string]string   // id of an outbound message here → the visitor's emoji
	operators map[string][]string // amojo id → what operators reacted with; once each
}

// insist repeats a request until the server took it, as panels do: over kills,
// faults and the visitor's own budget. False when the time is over or the server
// refused it.
func (c *talker) insist(ctx context.Context, method, path string, header map[string]string, body any) (a answer, ok bool) {
	for {
		var err error
		if a, err = c.s.trySend(method, c.s.chatURL+path, header, body); err == nil {
			switch {
			case a.status == http.StatusOK || a.status == http.StatusNoContent:
				return a, true
			case a.status < 500 && a.status != http.StatusTooManyRequests:
				c.s.t.Errorf("conversation %d: %s %s: %d %s", c.n, method, path, a.status, a.body)
				return a, false
			}
		}
		if !pause(ctx, 200*time.Millisecond) {
			return a, false
		}
	}
}

// pause waits; false when ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// between waits for as long as people do between two words.
func (c *talker) between(ctx context.Context, dice *rand.Rand) bool {
	p := c.s.pace
	return pause(ctx, p/2+time.Duration(dice.Int64N(int64(p))))
}

// talk writes until done ends; what was begun is finished while patience lasts.
func (c *talker) talk(done, patience context.Context) {
	for c.between(done, c.dice) {
		var ok bool
		switch die := c.dice.IntN(100); {
		case die < 72 || len(c.written()) == 0:
			ok = c.write(patience, map[string]any{})
		case die < 80:
			ok = c.quote(patience)
		case die < 86:
			ok = c.attach(patience)
		case die < 93:
			ok = c.edit(patience)
		default:
			ok = c.react(patience)
		}
		if !ok {
			c.s.t.Errorf("conversation %d: the server did not take what its visitor did", c.n)
			return
		}
	}
}

func (c *talker) written() []message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.wrote)
}

// write sends the next message under an id of its own; body adds to it.
func (c *talker) write(ctx context.Context, body map[string]any) bool {
	n := len(c.written())
	body["client_id"] = uuidN(100_000*(c.n+1) + n)
	body["text"] = fmt.Sprintf("visitor %d message %d", c.n, n)
	a, ok := c.insist(ctx, "POST", "/v1/messages", c.v.auth(), body)
	if !ok {
		return false
	}
	var m struct{ Message message }
	a.into(c.s.t, &m)
	c.mu.Lock()
	c.wrote = append(c.wrote, m.Message)
	c.mu.Unlock()
	c.s.count("visitors' messages")
	return true
}

// heard is the latest message of operators that reached the visitor.
func (c *talker) heard() (message, bool) {
	c.stream.mu.Lock()
	defer c.stream.mu.Unlock()
	var last message
	for _, m := range c.stream.byID {
		if m.Direction == "outbound" && m.Seq > last.Seq {
			last = m
		}
	}
	return last, last.ID != ""
}

func (c *talker) quote(ctx context.Context) bool {
	m, ok := c.heard()
	if !ok {
		return c.write(ctx, map[string]any{})
	}
	return c.write(ctx, map[string]any{"reply_to": m.ID})
}

func (c *talker) attach(ctx context.Context) bool {
	header := c.v.auth()
	header["X-File-Name"], header["Content-Type"] = fmt.Sprintf("list-%d.txt", c.n), "application/octet-stream"
	a, ok := c.insist(ctx, "POST", "/v1/files?kind=file", header, "one\ntwo\nthree\n")
	if !ok {
		return false
	}
	var got struct{ File file }
	a.into(c.s.t, &got)
	c.s.count("visitors' files")
	return c.write(ctx, map[string]any{"file_id": got.File.ID})
}

// edit changes the visitor's latest message. One that was refused for good cannot
// be changed, so conversations that are refused edit nothing.
func (c *talker) edit(ctx context.Context) bool {
	if slices.Contains(c.s.single, c.n) {
		return c.write(ctx, map[string]any{})
	}
	list := c.written()
	last := list[len(list)-1]
	text := last.Text + ", corrected"
	if _, ok := c.insist(ctx, "PATCH", "/v1/messages/"+last.ID, c.v.auth(), map[string]string{"text": text}); !ok {
		return false
	}
	c.mu.Lock()
	c.wrote[len(list)-1].Text = text
	c.mu.Unlock()
	c.s.count("edits")
	return true
}

func (c *talker) react(ctx context.Context) bool {
	m, ok := c.heard()
	if !ok {
		return c.write(ctx, map[string]any{})
	}
	emoji := []string{"👍", "🔥", "😀"}[c.dice.IntN(3)]
	if _, ok := c.insist(ctx, "PUT", "/v1/messages/"+m.ID+"/reaction", c.v.auth(), map[string]string{"emoji": emoji}); !ok {
		return false
	}
	c.mu.Lock()
	c.reacted[m.ID] = emoji
	c.mu.Unlock()
	c.s.count("visitors' reactions")
	return true
}

// read reports, as an open panel does, what reached the visitor. A report that gets
// lost is made again with the next.
func (c *talker) read() {
	if m, ok := c.heard(); ok {
		_, _ = c.s.trySend("POST", c.s.chatURL+"/v1/receipts", c.v.auth(), map[string]int64{"delivered": m.Seq, "seen": m.Seq - m.Seq%3})
	}
}

// operate lets the operators of one account answer until done ends; the server is
// up or not.
func (s *soak) operate(done context.Context, all []*talker, dice *rand.Rand) {
	for i := 0; pause(done, s.pace/time.Duration(len(all))); i++ {
		c := all[dice.IntN(len(all))]
		if die := dice.IntN(100); die < 10 {
			s.operatorReacts(c, dice)
		} else {
			s.operatorWrites(c, die)
		}
	}
}

func (s *soak) operatorWrites(c *talker, die int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	what := sandbox.Content{Type: "text", Text: fmt.Sprintf("operator %d message %d", c.n, len(c.said))}
	switch {
	case die < 16:
		what.Markup = sandbox.Markup{Mode: "inline", Buttons: [][]sandbox.Button{{{Text: "Yes"}, {Text: "No"}}}}
	case die < 24 && len(c.said) > 0:
		what.ReplyTo = map[string]any{"message": map[string]string{"id": c.said[len(c.said)-1].ID}}
	case die < 30:
		with, err := s.box.Upload(c.account.ID, "photo.png", "image/png", "picture", s.picture)
		if err != nil {
			s.t.Error(err)
			return
		}
		with.Text = what.Text
		what = with
		s.count("operators' pictures")
	}
	m, err := s.box.OperatorSend(c.account.ID, c.chat.ID, 0, what)
	if err != nil {
		s.t.Error(err)
		return
	}
	c.said = append(c.said, m)
	s.count("operators' messages")
}

func (s *soak) operatorReacts(c *talker, dice *rand.Rand) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := s.box.ChatMessages(c.chat.ID)
	if len(list) == 0 {
		return
	}
	m := list[dice.IntN(len(list))]
	if m.Direction != sandbox.Inbound || len(c.operators[m.ID]) > 0 {
		return
	}
	emoji := []string{"❤️", "🎉"}[dice.IntN(2)]
	if err := s.box.OperatorReact(c.account.ID, m.ID, 0, emoji); err != nil {
		s.t.Error(err)
		return
	}
	c.operators[m.ID] = append(c.operators[m.ID], emoji)
	s.count("operators' reactions")
}

// dicer gives each actor throws of its own, the same for the same seed.
func (s *soak) dicer(actor int) *rand.Rand {
	return rand.New(rand.NewPCG(s.seed, uint64(actor))) //nolint:gosec // a seed must give the same choices again
}

// address is one of 10.0.0.0/8 for each visitor: budgets of addresses are not what
// is tested here.
func address(n int) string { return "10.1." + strconv.Itoa(n/250) + "." + strconv.Itoa(n%250+1) }
