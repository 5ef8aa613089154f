package sandbox

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// hookTimeout is how long the platform waits for an answer (C §4.2).
const hookTimeout = 5 * time.Second

// lane sends the hooks of one scope in order.
type lane struct {
	queue   []hookJob
	running bool
}

type hookJob struct {
	rec   *HookRecord
	url   string
	body  []byte // as signed
	sign  string
	delay time.Duration
}

type hookV2 struct {
	AccountID string      `json:"account_id"`
	Time      int64       `json:"time"`
	Message   *hookText   `json:"message,omitempty"`
	Action    *hookAction `json:"action,omitempty"`
}

type hookText struct {
	Receiver     *personOut  `json:"receiver"`
	Sender       *personOut  `json:"sender"`
	Conversation hookConv    `json:"conversation"`
	Source       *sourceIn   `json:"source,omitempty"`
	Timestamp    int64       `json:"timestamp"`
	Msec         int64       `json:"msec_timestamp"`
	Message      hookContent `json:"message"`
}

type hookConv struct {
	ID       string `json:"id"`
	ClientID string `json:"client_id,omitempty"`
}

type hookContent struct {
	ID           string `json:"id"`
	Type         string `json:"type"`
	Text         string `json:"text"`
	Markup       any    `json:"markup"` // null when there is none
	Tag          string `json:"tag"`
	Media        string `json:"media"`
	Thumbnail    string `json:"thumbnail"`
	FileName     string `json:"file_name"`
	FileSize     int64  `json:"file_size"`
	MediaGroupID string `json:"media_group_id,omitempty"`
	Template     any    `json:"template,omitempty"`
	ReplyTo      any    `json:"reply_to,omitempty"`
	Forwards     any    `json:"forwards,omitempty"`
}

type hookAction struct {
	Typing   *hookTyping   `json:"typing,omitempty"`
	Reaction *hookReaction `json:"reaction,omitempty"`
}

type hookTyping struct {
	User         hookConv `json:"user"`
	Conversation hookConv `json:"conversation"`
	ExpiredAt    int64    `json:"expired_at"`
}

type hookReaction struct {
	Message struct {
		ID        string   `json:"id"`
		ClientID  string   `json:"client_id,omitempty"`
		Sender    hookConv `json:"sender"`
		Timestamp int64    `json:"timestamp"`
		Msec      int64    `json:"msec_timestamp"`
	} `json:"message"`
	User         hookConv `json:"user"`
	Conversation hookConv `json:"conversation"`
	Type         string   `json:"type"`
	Emoji        string   `json:"emoji,omitempty"`
}

// hookV1 is C §4.7.
type hookV1 struct {
	Receiver       string `json:"receiver"`
	ConversationID string `json:"conversation_id"`
	Msec           int64  `json:"msec_timestamp"`
	Type           string `json:"type"`
	Text           string `json:"text"`
	Media          string `json:"media"`
	Thumbnail      string `json:"thumbnail"`
	FileName       string `json:"file_name"`
	FileSize       int64  `json:"file_size"`
}

// sendMessageHook makes the hook of a message written in the CRM. s.mu is held.
func (s *Server) sendMessageHook(m *Message) {
	chat := s.st.Chats[m.ChatID]
	version, ch := s.hookVersion(chat.Scope)
	if version == "v1" {
		p := s.st.Participants[m.ReceiverID]
		s.sendHook("message", version, chat, m.ID, ch, hookV1{
			Receiver: p.ClientID, ConversationID: chat.ConversationID, Msec: m.Msec, Type: m.Type, Text: m.Text,
			Media: m.Media, Thumbnail: m.Thumbnail, FileName: m.FileName, FileSize: m.FileSize,
		})
		return
	}
	t := &hookText{
		Receiver: s.person(m.ReceiverID, ""), Sender: s.person(m.SenderID, m.SenderName), Conversation: s.conv(chat),
		Timestamp: m.Msec / 1000, Msec: m.Msec,
		Message: hookContent{
			ID: m.ID, Type: m.Type, Text: m.Text, Markup: m.Markup, Media: m.Media, Thumbnail: m.Thumbnail, FileName: m.FileName,
			FileSize: m.FileSize, MediaGroupID: m.MediaGroupID, Template: m.Template, ReplyTo: m.ReplyTo, Forwards: m.Forwards,
		},
	}
	t.Receiver.Avatar = ""
	if ch != nil {
		if src := s.sourceOf(chat, *ch); src != nil {
			t.Source = &sourceIn{src.ExternalID}
		} else if chat.Source != "" {
			t.Source = &sourceIn{chat.Source}
		}
	}
	for _, field := range s.st.Variants.HookOmit {
		switch field {
		case "source":
			t.Source = nil
		case "name":
			t.Receiver.Name, t.Sender.Name = nil, nil
		case "phone":
			t.Receiver.Phone = nil
		case "email":
			t.Receiver.Email = nil
		case "client_id":
			t.Receiver.ClientID, t.Conversation.ClientID = "", ""
		}
	}
	s.sendHook("message", "v2", chat, m.ID, ch, hookV2{AccountID: s.account(chat.Account).AmojoID, Time: s.now().Unix(), Message: t})
}

func (s *Server) conv(c *Chat) hookConv { return hookConv{c.ID, c.ConversationID} }

func (s *Server) sendTypingHook(c *Chat, u User) {
	_, ch := s.hookVersion(c.Scope)
	now := s.now().Unix()
	s.sendHook("typing", "v2", c, "", ch, hookV2{AccountID: s.account(c.Account).AmojoID, Time: now, Action: &hookAction{
		Typing: &hookTyping{User: hookConv{ID: u.AmojoID}, Conversation: s.conv(c), ExpiredAt: now + 5},
	}})
}

func (s *Server) sendReactionHook(c *Chat, m *Message, u User, emoji string) {
	_, ch := s.hookVersion(c.Scope)
	r := &hookReaction{User: hookConv{ID: u.AmojoID}, Conversation: s.conv(c), Type: "react", Emoji: emoji}
	if emoji == "" {
		r.Type = "unreact"
	}
	r.Message.ID, r.Message.ClientID, r.Message.Sender.ID = m.ID, m.MsgID, m.SenderID
	r.Message.Timestamp, r.Message.Msec = m.Msec/1000, m.Msec
	s.sendHook("reaction", "v2", c, m.ID, ch, hookV2{AccountID: s.account(c.Account).AmojoID, Time: s.now().Unix(), Action: &hookAction{Reaction: r}})
}

// hookVersion tells in which form hooks of a scope go out; the channel is nil
// when it is not connected. s.mu is held.
func (s *Server) hookVersion(scope string) (string, *Channel) {
	conn := s.st.Connections[scope]
	if conn == nil {
		return "v2", nil
	}
	if v := s.st.Variants.HookVersion; v != "" {
		return v, s.channel(conn.Channel)
	}
	return conn.HookVersion, s.channel(conn.Channel)
}

// sendHook records a hook and sends it as the faults say. s.mu is held.
func (s *Server) sendHook(kind, version string, chat *Chat, message string, ch *Channel, body any) {
	rec := HookRecord{
		At: s.now(), Kind: kind, Version: version, Account: chat.Account, Scope: chat.Scope,
		ChatID: chat.ID, MessageID: message, Outcome: "waiting", Body: string(marshal(body)),
	}
	var target string
	switch {
	case ch == nil:
		rec.Outcome, rec.Error = "skipped", "the channel is not connected"
	case version == "v1" && ch.HookURLV1 != "":
		target = ch.HookURLV1
	default:
		target = ch.HookURL
	}
	if ch != nil && target == "" {
		rec.Outcome, rec.Error = "skipped", "the channel has no hook URL"
	}
	target = strings.ReplaceAll(target, ":scope_id", chat.Scope)
	rec.URL = target
	if rec.Outcome == "waiting" && take(&s.faults.HookDrop) {
		rec.Outcome = "dropped"
	}
	job := hookJob{url: target, body: []byte(rec.Body), delay: time.Duration(s.faults.HookDelayMS) * time.Millisecond}
	if ch != nil {
		job.sign = hmacSHA1(ch.Secret, job.body)
	}
	copies := 0
	if rec.Outcome == "waiting" {
		copies = s.faults.HookCopies
	}
	for i := range copies + 1 {
		one := rec
		one.Copy = i
		if one.Outcome == "waiting" && s.faults.HookHold {
			one.Outcome = "held"
		}
		job.rec = s.record(one)
		switch job.rec.Outcome {
		case "waiting":
			s.enqueue(job)
		case "held":
			s.held = append(s.held, job)
		}
	}
	s.touch()
}

// record keeps a hook record. s.mu is held.
func (s *Server) record(r HookRecord) *HookRecord {
	r.ID = s.nextID()
	if len(s.st.Hooks) >= maxHooks {
		s.st.Hooks = s.st.Hooks[1:]
	}
	s.st.Hooks = append(s.st.Hooks, &r)
	return &r
}

// enqueue puts a hook into its scope's lane; a delayed one waits outside, so
// that later ones overtake it. s.mu is held.
func (s *Server) enqueue(job hookJob) {
	if s.ctx.Err() != nil {
		return
	}
	if job.delay += s.slowDelay(job.rec.Scope); job.delay > 0 {
		s.wg.Go(func() {
			if s.wait(s.ctx, job.delay) {
				s.deliver(job)
			}
		})
		return
	}
	l := s.lanes[job.rec.Scope]
	if l == nil {
		l = &lane{}
		s.lanes[job.rec.Scope] = l
	}
	l.queue = append(l.queue, job)
	if !l.running {
		l.running = true
		s.wg.Go(func() { s.drain(l) })
	}
}

func (s *Server) slowDelay(scope string) time.Duration {
	if s.slow[channelOf(scope)] {
		return time.Duration(s.st.Variants.HookSlowMS) * time.Millisecond
	}
	return 0
}

func (s *Server) drain(l *lane) {
	for {
		s.mu.Lock()
		if len(l.queue) == 0 || s.ctx.Err() != nil {
			l.running = false
			s.mu.Unlock()
			return
		}
		job := l.queue[0]
		l.queue = l.queue[1:]
		s.mu.Unlock()
		s.deliver(job)
	}
}

// deliver sends one hook, once (C §4.2).
func (s *Server) deliver(job hookJob) {
	body := job.body
	if !s.Variants().HookNoNewline {
		body = append(slices.Clone(body), '\n') // not part of what was signed (C §4.1)
	}
	status, took, err := s.request(http.MethodPost, job.url, body, job.sign, hookTimeout)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(job.rec, status, took, err)
	s.slow[channelOf(job.rec.Scope)] = job.rec.Outcome != "delivered"
	s.touch()
}

// finish notes how a request went. s.mu is held.
func (s *Server) finish(rec *HookRecord, status int, took time.Duration, err error) {
	rec.Status, rec.DurationMS = status, took.Milliseconds()
	switch {
	case err != nil:
		rec.Outcome, rec.Error = "failed", withoutURL(err)
	case status == http.StatusOK:
		rec.Outcome = "delivered"
	default:
		rec.Outcome = "answered"
	}
}

// request sends one request and reads its answer within the time limit.
func (s *Server) request(method, target string, body []byte, sign string, limit time.Duration) (int, time.Duration, error) {
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	began := time.Now()
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return 0, 0, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Signature", sign)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return 0, time.Since(began), err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, maxBody))
	return res.StatusCode, time.Since(began), err
}

// withoutURL keeps codes in queries out of records.
func withoutURL(err error) string {
	if u, ok := err.(*url.Error); ok {
		return u.Err.Error()
	}
	return err.Error()
}

// ReleaseHooks sends the hooks that HookHold kept, one after another, and
// returns how many there are. New hooks are held until the fault is switched off.
func (s *Server) ReleaseHooks(reverse bool) int {
	s.mu.Lock()
	jobs := s.held
	s.held = nil
	for _, j := range jobs {
		j.rec.Outcome = "waiting"
	}
	s.mu.Unlock()
	if reverse {
		slices.Reverse(jobs)
	}
	s.wg.Go(func() {
		for _, j := range jobs {
			s.deliver(j)
		}
	})
	return len(jobs)
}

// Hooks lists what was sent, oldest first.
func (s *Server) Hooks() []HookRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	return values(s.st.Hooks)
}
