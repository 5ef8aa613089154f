package realtime

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// kinds are the types of frames in order, those of messages with their rev.
func kinds(frames []frame) string {
	var list []string
	for _, fr := range frames {
		kind := fr.Type
		switch kind {
		case "message":
			kind = fmt.Sprint(fr.Message.Rev)
		case "bye":
			kind += " " + fr.Code
		}
		list = append(list, kind)
	}
	return strings.Join(list, ", ")
}

// waiting starts a poll and returns when it waits for what happens.
func (f *fixture) waiting(t *testing.T, token string, cursor int64) <-chan []frame {
	t.Helper()
	reads := func() int { f.source.mu.Lock(); defer f.source.mu.Unlock(); return f.source.reads }
	before, got := reads(), make(chan []frame, 1)
	go func() { got <- f.poll(t, token, cursor, MaxPollWait) }()
	for deadline := time.Now().Add(patience); reads() == before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the poll did not begin")
		}
	}
	return got
}

func TestPollAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		cursor int64
		wait   time.Duration
		want   string
	}{
		{"at once what lies behind the cursor", 1, MaxPollWait, "2, 3, ready"},
		{"at once that there is nothing, where it is not to wait", 3, 0, "ready"},
		{"the same with something", 2, 0, "3, ready"},
		{"that there is nothing after the wait", 3, 20 * time.Millisecond, "ready"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, Config{PageSize: 1})
			for range 3 {
				f.source.add("anna")
			}
			got := f.poll(t, "anna", tt.cursor, tt.wait)
			if kinds(got) != tt.want {
				t.Errorf("got %s, want %s", kinds(got), tt.want)
			}
			if last := got[len(got)-1]; last.Cursor != 3 {
				t.Errorf("ready at %d, want 3", last.Cursor)
			}
		})
	}
}

func TestPollEndsWithTheFirstThingThatHappens(t *testing.T) {
	t.Parallel()
	f := start(t, Config{})
	got := f.waiting(t, "anna", 0)
	f.hub.Publish(f.source.add("anna"), VisitorTopic("anna"))
	if frames := <-got; !strings.HasSuffix(kinds(frames), "1") && kinds(frames) != "1, ready" {
		t.Errorf("got %s, want the message", kinds(frames))
	}
	got = f.waiting(t, "anna", 1)
	// Again until it was heard: it may come before the poll listens.
	for done := false; !done; {
		f.hub.Publish(Hint{Typing: &Typing{Until: time.Now().Add(time.Minute)}}, VisitorTopic("anna"))
		select {
		case frames := <-got:
			if kinds(frames) != "ready, typing" {
				t.Errorf("got %s, want ready, typing", kinds(frames))
			}
			done = true
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// One answer is bounded; without "ready" the next is asked for at once, and none
// is lost or repeated between them.
func TestPollIsBounded(t *testing.T) {
	t.Parallel()
	f := start(t, Config{PageSize: 3})
	f.source.pad = strings.Repeat("x", 20<<10)
	const messages = 40
	for range messages {
		f.source.add("anna")
	}
	cursor, answers := int64(0), 0
	for ready := false; !ready; answers++ {
		size := 0
		for _, fr := range f.poll(t, "anna", cursor, MaxPollWait) {
			size += len(fr.Message.Text)
			if fr.Type == "message" {
				if fr.Message.Rev != cursor+1 {
					t.Fatalf("rev %d after %d", fr.Message.Rev, cursor)
				}
				cursor = fr.Message.Rev
			}
			ready = fr.Type == "ready"
		}
		if size > maxPollBytes+3*20<<10 {
			t.Errorf("an answer of %d bytes", size)
		}
		if answers > messages {
			t.Fatal("the polls do not get on")
		}
	}
	if cursor != messages || answers < 2 {
		t.Errorf("%d messages in %d answers, want %d in several", cursor, answers, messages)
	}
}

func TestPollCountsAsAStreamOfItsVisitor(t *testing.T) {
	t.Parallel()
	f := start(t, Config{MaxPerVisitor: 1})
	got := f.waiting(t, "anna", 0)
	if second := f.poll(t, "anna", 0, 0); kinds(second) != "bye restart" {
		t.Errorf("a second one got %s, want bye restart", kinds(second))
	}
	f.hub.Publish(f.source.add("anna"), VisitorTopic("anna"))
	<-got
	if third := f.poll(t, "anna", 1, 0); kinds(third) != "ready" {
		t.Errorf("after it %s, want ready", kinds(third))
	}
}

func TestPollOfASourceThatIsAway(t *testing.T) {
	t.Parallel()
	f := start(t, Config{})
	if got := f.poll(t, "unreadable", 0, MaxPollWait); kinds(got) != "bye restart" {
		t.Errorf("got %s, want bye restart", kinds(got))
	}
}

func TestCloseAnswersPolls(t *testing.T) {
	t.Parallel()
	f := start(t, Config{})
	got := f.waiting(t, "anna", 0)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := f.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if frames := <-got; !strings.HasSuffix(kinds(frames), "bye restart") {
		t.Errorf("got %s, want bye restart", kinds(frames))
	}
}

func TestPollOfABrowserThatLeaves(t *testing.T) {
	t.Parallel()
	f := start(t, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.addr+"/v1/stream/poll?cursor=0&wait=25s", nil)
	req.Header.Set("Authorization", "Bearer anna")
	left := make(chan error, 1)
	go func() {
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		left <- err
	}()
	streams := func(want int) {
		t.Helper()
		for deadline := time.Now().Add(patience); f.Streams() != want; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d streams, want %d", f.Streams(), want)
			}
		}
	}
	streams(1)
	cancel()
	if err := <-left; err == nil {
		t.Error("a poll that was given up was answered")
	}
	streams(0)
}
