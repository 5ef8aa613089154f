package sandbox

import (
	"bytes"
	"context"
	"errors"
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
	s.sendHookBody(kind, version, chat, message, ch, marshal(body))
}

func (s *Server) sendHookBody(kind, version string, chat *Chat, message string, ch *Channel, body []byte) {
	rec := HookRecord{
		At: s.now(), Kind: kind, Version: version, Account: chat.Account, Scope: chat.Scope,
		ChatID: chat.ID, MessageID: message, Outcome: "waiting", Body: string(body),
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
	f := s.hookFaults(chat, rec.Outcome == "waiting")
	if f.drop {
		rec.Outcome = "dropped"
	}
	job := hookJob{url: target, body: []byte(rec.Body), delay: f.delay}
	if ch != nil {
		job.sign = hmacSHA1(ch.Secret, job.body)
	}
	for i := range f.copies + 1 {
		one := rec
		one.Copy = i
		if one.Outcome == "waiting" && f.hold {
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

// request sends one request of the chats service or of OAuth.
func (s *Server) request(method, target string, body []byte, sign string, limit time.Duration) (int, time.Duration, error) {
	header := http.Header{}
	if body != nil {
		header.Set("X-Signature", sign)
		switch s.Variants().HookType { // not documented (C §4.1)
		case "charset":
			header.Set("Content-Type", "application/json; charset=utf-8")
		case "text":
			header.Set("Content-Type", "text/plain")
		case "absent":
		default:
			header.Set("Content-Type", "application/json")
		}
	}
	return s.send(method, target, body, header, limit)
}

// send sends one request and reads its answer within the time limit.
func (s *Server) send(method, target string, body []byte, header http.Header, limit time.Duration) (int, time.Duration, error) {
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	began := time.Now()
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return 0, 0, err
	}
	req.Header = header
	res, err := s.client.Do(req)
	if err != nil {
		return 0, time.Since(began), err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, maxBody))
	return res.StatusCode, time.Since(began), err
}

// withoutURL keeps codes in queries out of records.
func withoutURL(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err.Error()
	}
	return err.Error()
}

// ReleaseHooks sends the hooks that HookHold kept, one after another, and
// returns how many there are. New hooks are held until the fault is switched off.
func (s *Server) ReleaseHooks(reverse bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	jobs := s.held
	s.held = nil
	for _, j := range jobs {
		j.rec.Outcome = "waiting"
	}
	if reverse {
		slices.Reverse(jobs)
	}
	s.background(0, func() {
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
