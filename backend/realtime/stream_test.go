package realtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"leadline/backend/chatid"
)

// transports runs a test over both ways to open a stream.
func transports(t *testing.T, cfg Config, test func(*testing.T, *fixture, func(token string, cursor int64) browser)) {
	t.Run("websocket", func(t *testing.T) {
		t.Parallel()
		f := start(t, cfg)
		test(t, f, func(token string, cursor int64) browser { return f.open(t, token, cursor) })
	})
	t.Run("events", func(t *testing.T) {
		t.Parallel()
		f := start(t, cfg)
		test(t, f, func(token string, cursor int64) browser { return f.openEvents(t, token, cursor) })
	})
}

// everyWay runs a test over polling too: what a test of a stream says must then
// hold for one that is taken up again after every answer.
func everyWay(t *testing.T, cfg Config, test func(*testing.T, *fixture, func(token string, cursor int64) browser)) {
	transports(t, cfg, test)
	t.Run("poll", func(t *testing.T) {
		t.Parallel()
		f := start(t, cfg)
		test(t, f, func(token string, cursor int64) browser { return f.openPoll(t, token, cursor) })
	})
}

// The promise of design.md §6: subscribe, replay, stream. Whatever is published
// while browsers come, leave and come back, each sees every rev once, in order.
func TestStreamHasNoGapAndNoDuplicate(t *testing.T) {
	t.Parallel()
	everyWay(t, Config{PageSize: 7}, func(t *testing.T, f *fixture, open func(string, int64) browser) {
		const visitors, messages = 5, 300
		var wg sync.WaitGroup
		for i := range visitors {
			v := chatid.VisitorID(fmt.Sprintf("visitor-%d", i))
			f.source.known[v] = i%2 == 0
			for range 20 {
				f.source.add(v)
			}
			wg.Go(func() {
				for n := range messages - 20 {
					give := f.source.add
					if n/4%2 == 0 { // runs of some that bring their message along
						give = f.source.bring
					}
					h := give(v)
					if h.Rev%3 == 0 {
						continue // a lost hint; the next one makes up for it
					}
					f.hub.Publish(h, VisitorTopic(v), ConversationTopic(h.Conversation))
				}
				f.hub.Publish(Hint{Conversation: "of-" + chatid.ConversationID(v)}, VisitorTopic(v))
			})
			wg.Go(func() {
				random := rand.New(rand.NewPCG(1, uint64(i)))
				cursor := int64(0)
				for cursor < messages {
					b := open(string(v), cursor)
					for left := 1 + random.IntN(120); left > 0 && cursor < messages; left-- {
						fr, err := b.next()
						if err != nil {
							t.Errorf("%s after %d: %v", v, cursor, err)
							return
						}
						switch fr.Type {
						case "message":
							if fr.Message.Rev != cursor+1 {
								t.Errorf("%s: got rev %d after %d", v, fr.Message.Rev, cursor)
								return
							}
							cursor = fr.Message.Rev
						case "ready":
							if fr.Cursor != cursor {
								t.Errorf("%s: ready says %d at %d", v, fr.Cursor, cursor)
							}
						}
					}
					b.close()
				}
			})
		}
		wg.Wait()
	})
}

// A hint that brings the very next change costs no reading; what does not fit is read.
func TestStreamShowsWhatAHintBrings(t *testing.T) {
	t.Parallel()
	transports(t, Config{}, func(t *testing.T, f *fixture, open func(string, int64) browser) {
		next := func(b browser, want int64) {
			t.Helper()
			if fr := expect(t, b, "message"); fr.Message.Rev != want {
				t.Fatalf("got rev %d, want %d", fr.Message.Rev, want)
			}
		}
		counts := func(reads, shows int) {
			t.Helper()
			f.source.mu.Lock()
			defer f.source.mu.Unlock()
			if f.source.reads != reads || f.source.shows != shows {
				t.Errorf("got %d reads and %d shows, want %d and %d", f.source.reads, f.source.shows, reads, shows)
			}
		}
		b := open("anna", 0)
		expect(t, b, "ready")
		publish := func(h Hint) { f.hub.Publish(h, VisitorTopic("anna"), ConversationTopic(h.Conversation)) }
		for rev := range int64(3) {
			publish(f.source.bring("anna"))
			next(b, rev+1)
		}
		counts(1, 3)
		f.source.add("anna") // its hint is lost
		fifth := f.source.bring("anna")
		publish(fifth)
		next(b, 4)
		next(b, 5)
		counts(2, 3)
		publish(fifth) // again: nothing to tell, which the next shows
		publish(f.source.bring("anna"))
		next(b, 6)
		counts(2, 4)
		other := f.source.bring("anna")
		other.Conversation = "another"
		publish(other)
		next(b, 7)
		counts(3, 4)

		c := open("unshowable", 0)
		expect(t, c, "ready")
		f.hub.Publish(f.source.bring("unshowable"), VisitorTopic("unshowable"))
		next(c, 1)
		counts(5, 5)
	})
}

func TestStreamReplaysAfterTheCursorAndSaysReady(t *testing.T) {
	t.Parallel()
	everyWay(t, Config{PageSize: 2}, func(t *testing.T, f *fixture, open func(string, int64) browser) {
		for range 7 {
			f.source.add("anna")
		}
		b := open("anna", 2)
		for want := int64(3); want <= 7; want++ {
			if fr := expect(t, b, "message"); fr.Message.Rev != want {
				t.Fatalf("got rev %d, want %d", fr.Message.Rev, want)
			}
		}
		if fr := expect(t, b, "ready"); fr.Cursor != 7 {
			t.Errorf("ready: got cursor %d, want 7", fr.Cursor)
		}
	})
}

// "A visitor without conversation has cursor 0; the stream picks up the
// conversation when the first message makes it."
func TestStreamPicksUpTheFirstConversation(t *testing.T) {
	t.Parallel()
	everyWay(t, Config{}, func(t *testing.T, f *fixture, open func(string, int64) browser) {
		b := open("new", 0)
		expect(t, b, "ready")
		first := f.source.add("new")
		f.hub.Publish(first, VisitorTopic("new"))
		expect(t, b, "message")
		// From now on the conversation's topic is enough.
		second := f.source.add("new")
		f.hub.Publish(second, ConversationTopic(second.Conversation))
		if fr := expect(t, b, "message"); fr.Message.Rev != 2 {
			t.Errorf("got rev %d, want 2", fr.Message.Rev)
		}
	})
}

func TestPingCarriesTheCursorAndRepairsALostHint(t *testing.T) {
	t.Parallel()
	transports(t, Config{PingEvery: 20 * time.Millisecond, SilentFor: patience}, func(t *testing.T, f *fixture, open func(string, int64) browser) {
		b := open("anna", 0)
		expect(t, b, "ready")
		f.source.add("anna") // and no hint
		if fr := expect(t, b, "message"); fr.Message.Rev != 1 {
			t.Errorf("got rev %d, want 1", fr.Message.Rev)
		}
		if fr := expect(t, b, "ping"); fr.Cursor != 1 {
			t.Errorf("ping: got cursor %d, want 1", fr.Cursor)
		}
		for range 3 {
			expect(t, b, "ping")
		}
	})
}

func TestByeTellsWhy(t *testing.T) {
	t.Parallel()
	transports(t, Config{MaxPerVisitor: 1}, func(t *testing.T, _ *fixture, open func(string, int64) browser) {
		away := open("unreadable", 0)
		if fr := expect(t, away, "bye"); fr.Code != "restart" {
			t.Errorf("source away: got %q", fr.Code)
		}
		expectEnd(t, away)
		expect(t, open("anna", 0), "ready")
		if fr := expect(t, open("anna", 0), "bye"); fr.Code != "restart" {
			t.Errorf("second stream of one visitor where one is allowed: got %q", fr.Code)
		}
	})
}

// SEC-5: the token is the socket's first frame, not part of its address.
func TestTokenOfTheFirstFrame(t *testing.T) {
	t.Parallel()
	f := start(t, Config{})
	for token, want := range map[string]string{"refused": "token_invalid", "uncheckable": "restart"} {
		b := f.open(t, token, 0)
		if fr := expect(t, b, "bye"); fr.Code != want {
			t.Errorf("%s: got %q, want %q", token, fr.Code, want)
		}
		expectEnd(t, b)
	}
	if f.source.reads != 0 {
		t.Error("the source was read for nobody")
	}
}

func TestSourceKnowsTheLanguage(t *testing.T) {
	t.Parallel()
	everyWay(t, Config{}, func(t *testing.T, f *fixture, open func(string, int64) browser) {
		expect(t, open("anna", 0), "ready")
		if f.source.wish != wish {
			t.Errorf("got %q, want %q", f.source.wish, wish)
		}
	})
}

func TestCloseSaysByeToAll(t *testing.T) {
	t.Parallel()
	transports(t, Config{}, func(t *testing.T, f *fixture, open func(string, int64) browser) {
		var all []browser
		for i := range 5 {
			b := open(fmt.Sprint("visitor-", i), 0)
			expect(t, b, "ready")
			all = append(all, b)
		}
		var wg sync.WaitGroup
		for _, b := range all {
			wg.Go(func() {
				fr, err := b.next()
				if err != nil || fr.Type != "bye" || fr.Code != "restart" {
					t.Errorf("got %+v, %v, want bye restart", fr, err)
				}
				if _, err := b.next(); !errors.Is(err, io.EOF) {
					t.Errorf("after bye: got %v, want the end", err)
				}
			})
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := f.Close(ctx); err != nil {
			t.Fatalf("Close: %v", err)
		}
		wg.Wait()
		if n := f.Streams(); n != 0 {
			t.Errorf("%d streams left", n)
		}
		req, _ := http.NewRequest(http.MethodGet, "http://"+f.addr+"/v1/stream/events?cursor=0", nil)
		req.Header.Set("Authorization", "Bearer late")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if got := strings.TrimSpace(string(body)); got != "restarting" {
			t.Errorf("a stream after Close: got %q", got)
		}
		http.DefaultClient.CloseIdleConnections()
	})
}

// A browser that does not read is cut; the others do not notice.
func TestSlowReaderIsCut(t *testing.T) {
	t.Parallel()
	transports(t, Config{WriteWithin: 500 * time.Millisecond}, func(t *testing.T, f *fixture, open func(string, int64) browser) {
		f.source.pad = strings.Repeat("x", 64<<10)
		for range 400 { // more than the buffers of a loopback connection hold
			f.source.add("slow")
		}
		f.source.pad = ""
		open("slow", 0)
		other := open("quick", 0)
		expect(t, other, "ready")
		for deadline := time.Now().Add(patience); f.Streams() > 1; {
			if time.Now().After(deadline) {
				t.Fatal("slow reader was not cut")
			}
			f.hub.Publish(f.source.add("quick"), VisitorTopic("quick"))
			expect(t, other, "message")
		}
	})
}

func TestFirstFrame(t *testing.T) {
	t.Parallel()
	long := `{"token":"` + strings.Repeat("x", maxHello) + `"}`
	for _, tt := range []struct{ name, text string }{
		{"no frame in time", ""},
		{"not JSON", "hello"},
		{"no token", `{"cursor":1}`},
		{"negative cursor", `{"token":"anna","cursor":-1}`},
		{"cursor beyond exact integers", `{"token":"anna","cursor":9007199254740992}`},
		{"more than 4 KiB", long},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			within := time.Minute
			if tt.text == "" {
				within = 20 * time.Millisecond
			}
			f := start(t, Config{FirstFrameWithin: within})
			b := f.dial(t)
			if tt.text != "" {
				b.say(t, tt.text)
			}
			expectEnd(t, b)
			if b.status != ws.StatusPolicyViolation {
				t.Errorf("closed with %d, want %d", b.status, ws.StatusPolicyViolation)
			}
			if f.source.reads != 0 {
				t.Errorf("the source was asked")
			}
		})
	}
}

func TestFirstFrameInPieces(t *testing.T) {
	t.Parallel()
	f := start(t, Config{})
	b := f.dial(t)
	for _, part := range []ws.Frame{
		ws.NewFrame(ws.OpText, false, []byte(`{"token":`)),
		ws.NewPingFrame([]byte("between")),
		ws.NewFrame(ws.OpContinuation, true, []byte(`"anna","cursor":0}`)),
	} {
		if err := ws.WriteFrame(b.conn, ws.MaskFrame(part)); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, b, "ready")
}

// "The client sends the first frame, nothing else ever."
func TestFramesAfterTheFirst(t *testing.T) {
	t.Parallel()
	t.Run("a ping is answered with its payload", func(t *testing.T) {
		t.Parallel()
		f := start(t, Config{})
		b := f.open(t, "anna", 0).(*wsBrowser)
		expect(t, b, "ready")
		if err := ws.WriteFrame(b.conn, ws.MaskFrame(ws.NewPingFrame([]byte("still there?")))); err != nil {
			t.Fatal(err)
		}
		got, err := readFrame(b.rw)
		if err != nil || got.Header.OpCode != ws.OpPong || string(got.Payload) != "still there?" {
			t.Errorf("got %v %q, %v", got.Header.OpCode, got.Payload, err)
		}
	})
	for _, tt := range []struct {
		name  string
		send  []byte
		times int
	}{
		{"data", ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("{}")))), 1},
		{"an unmasked frame", ws.MustCompileFrame(ws.NewPingFrame(nil)), 1},
		{"a flood of pongs", ws.MustCompileFrame(ws.MaskFrame(ws.NewPongFrame(nil))), maxControls + 1},
	} {
		t.Run(tt.name+" ends the stream", func(t *testing.T) {
			t.Parallel()
			f := start(t, Config{})
			b := f.open(t, "anna", 0).(*wsBrowser)
			expect(t, b, "ready")
			for range tt.times {
				if _, err := b.conn.Write(tt.send); err != nil {
					t.Fatal(err)
				}
			}
			expectEnd(t, b)
			if b.status != ws.StatusPolicyViolation {
				t.Errorf("closed with %d, want %d", b.status, ws.StatusPolicyViolation)
			}
		})
	}
}

// A browser answers pings by itself, and so stays beyond the time of a silent one.
func TestAnsweringPeerStays(t *testing.T) {
	t.Parallel()
	f := start(t, Config{PingEvery: 100 * time.Millisecond, SilentFor: time.Second})
	b := f.open(t, "anna", 0)
	expect(t, b, "ready")
	for range 15 {
		expect(t, b, "ping")
	}
}

// A peer that vanished answers no ping: the stream ends without a word from it.
func TestSilentPeerIsCut(t *testing.T) {
	t.Parallel()
	f := start(t, Config{PingEvery: 20 * time.Millisecond, LingerWithin: 10 * time.Millisecond})
	b := f.open(t, "anna", 0).(*wsBrowser)
	expect(t, b, "ready")
	if _, err := io.Copy(io.Discard, b.rw); err != nil { // reads pings, answers none
		t.Logf("the end came as %v", err)
	}
	for deadline := time.Now().Add(patience); f.Streams() > 0; {
		if time.Now().After(deadline) {
			t.Fatal("the silent peer's stream is open")
		}
	}
}

func TestBrowserLeaves(t *testing.T) {
	t.Parallel()
	f := start(t, Config{})
	b := f.open(t, "anna", 0).(*wsBrowser)
	expect(t, b, "ready")
	if err := wsutil.WriteClientMessage(b.conn, ws.OpClose, ws.NewCloseFrameBody(ws.StatusGoingAway, "")); err != nil {
		t.Fatal(err)
	}
	expectEnd(t, b)
	if b.status != ws.StatusNormalClosure {
		t.Errorf("closed with %d, want %d", b.status, ws.StatusNormalClosure)
	}
}
