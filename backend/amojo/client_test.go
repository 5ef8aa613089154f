package amojo

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadline/backend/chatid"
)

var clock = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// serve starts a service that checks the signature of whatever arrives, with
// code of its own, and then lets handle answer.
func serve(t *testing.T, handle http.HandlerFunc) (*Client, Channel) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read body: %v", err)
		}
		path, _, _ := strings.Cut(r.RequestURI, "?")
		sum := fmt.Sprintf("%x", md5.Sum(body))
		mac := hmac.New(sha1.New, []byte(ownSecret))
		fmt.Fprint(mac, r.Method+"\n"+sum+"\n"+"application/json"+"\n"+ownDate+"\n"+path)
		for name, want := range map[string]string{"Content-Md5": sum, "Content-Type": "application/json", "Date": ownDate, "X-Signature": fmt.Sprintf("%x", mac.Sum(nil))} {
			if got := r.Header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s %s: header %s = %q, want %q", r.Method, path, name, got, want)
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		handle(w, r)
	}))
	t.Cleanup(srv.Close)
	// A transport of its own, so that tests share no connections.
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return New(Config{Transport: tr, Now: func() time.Time { return clock }}), ours(srv.URL)
}

func ours(base string) Channel { return Channel{ID: ownChannel, Secret: ownSecret, BaseURL: base} }

var (
	anna  = Participant{ID: "client-981", Name: "Anna Petrova", Avatar: "https://files.example.org/a/981.png", Phone: "+79990001122", Email: "anna@example.org"}
	text1 = Message{ID: "m-1001", Conversation: "chat-4711", SentAt: time.UnixMilli(1767225600123), SourceID: "line-2", Sender: anna, Out: Out{Text: "Is it still available?"}}
)

// TestRequestsAndAnswers holds what each call sends (golden files with the
// bodies of C §3) and what it makes of the documented answer.
func TestRequestsAndAnswers(t *testing.T) {
	t.Parallel()
	const messageRef = "b81d6f04-93ce-4a27-8f5b-1e7c0a9d2365"
	withLink := anna
	withLink.ProfileLink = "https://messenger.example.org/u/981"
	first := Message{ID: "m-2001", Conversation: "chat-5000", ConversationRef: "9d3b6e72-5c10-4f48-b7a9-2e84c1f06d35", SentAt: time.UnixMilli(1767229200400),
		Sender: Participant{ID: "client-1200", Ref: "c4f7a8e0-6b29-4d13-95fc-0e1d7b3a5824", Name: "Pavel"}, Silent: true, Out: Out{Text: "Who is this? 👋"}}
	sent := Sent{Ref: messageRef, Chat: ownChat, Sender: "e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473"}
	const sentAnswer = `{"new_message":{"conversation_id":"5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55","sender_id":"e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473","receiver_id":null,"msgid":"b81d6f04-93ce-4a27-8f5b-1e7c0a9d2365","ref_id":"m-1001"}}`
	for _, tt := range []struct {
		name, method, target, golden string
		status                       int
		answer                       string
		call                         func(context.Context, *Client, Channel) (any, error)
		want                         any
	}{
		{"connect", "POST", ownChannel + "/connect", "connect", 200,
			`{"account_id":"` + ownAccount + `","scope_id":"` + ownScope + `","title":"Line","hook_api_version":"v2","is_time_window_disabled":false}`,
			func(ctx context.Context, c *Client, ch Channel) (any, error) {
				return c.Connect(ctx, ch, ownAccount, ConnectOptions{Title: "Line"})
			},
			Connection{ScopeID: ownScope, Title: "Line", HookVersion: "v2"}},
		{"connect answered as in 2017", "POST", ownChannel + "/connect", "connect", 200, `{"account_id":"` + ownAccount + `","scope_id":"` + ownScope + `"}`,
			func(ctx context.Context, c *Client, ch Channel) (any, error) {
				return c.Connect(ctx, ch, ownAccount, ConnectOptions{Title: "Line"})
			},
			Connection{ScopeID: ownScope}},
		{"disconnect", "DELETE", ownChannel + "/disconnect", "disconnect", 200, "",
			func(ctx context.Context, c *Client, ch Channel) (any, error) {
				return nil, c.Disconnect(ctx, ch, ownAccount)
			}, nil},
		{"disconnect of Kommo", "DELETE", ownChannel + "/disconnect", "disconnect", 200, "{}",
			func(ctx context.Context, c *Client, ch Channel) (any, error) {
				return nil, c.Disconnect(ctx, ch, ownAccount)
			}, nil},
		{"create chat", "POST", ownScope + "/chats", "create_chat", 200,
			`{"id":"5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55","user":{"id":"e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473","client_id":"client-981","name":"Anna Petrova","avatar":"","phone":"+79990001122"}}`,
			func(ctx context.Context, c *Client, ch Channel) (any, error) {
				return c.CreateChat(ctx, ch, ownScope, NewChat{Conversation: "chat-4711", SourceID: "line-2", User: withLink})
			}, CreatedChat{Ref: ownChat, User: "e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473"}},
		{"send message", "POST", ownScope, "send_message", 200, sentAnswer,
			func(ctx context.Context, c *Client, ch Channel) (any, error) {
				return c.SendMessage(ctx, ch, ownScope, text1)
			}, sent},
		{"answer to a conversation that an operator began", "POST", ownScope, "send_message_written_first", 200, sentAnswer,
			func(ctx context.Context, c *Client, ch Channel) (any, error) {
				return c.SendMessage(ctx, ch, ownScope, first)
			}, sent},
		{"send message answered in the oldest form", "POST", ownScope, "send_message", 200, `{"new_message":{"msgid":"` + messageRef + `"}}`,
			func(ctx context.Context, c *Client, ch Channel) (any, error) {
				return c.SendMessage(ctx, ch, ownScope, text1)
			}, Sent{Ref: messageRef}},
		{"read", "POST", ownScope + "/" + messageRef + "/delivery_status", "status_read", 200, "",
			func(ctx context.Context, c *Client, ch Channel) (any, error) {
				return nil, c.SetDeliveryStatus(ctx, ch, ownScope, messageRef, DeliveryStatus{Status: Read, ErrorCode: OtherError, Error: "left out"})
			}, nil},
		{"not delivered", "POST", ownScope + "/" + messageRef + "/delivery_status", "status_failed", 200, "",
			func(ctx context.Context, c *Client, ch Channel) (any, error) {
				return nil, c.SetDeliveryStatus(ctx, ch, ownScope, messageRef, DeliveryStatus{Status: Failed, Error: "The client has blocked this line"})
			}, nil},
		{"history", "GET", ownScope + "/chats/" + ownChat + "/history?limit=50&offset=10", "", 200,
			`{"messages":[{"timestamp":1767225700,"msec_timestamp":1767225700050,"sender":{"id":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815","name":"Oleg"},"receiver":{"id":"e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473","client_id":"client-981","name":"Anna Petrova","avatar":"https://files.example.org/a/981.png","phone":"+79990001122","email":"anna@example.org"},"message":{"id":"b81d6f04-93ce-4a27-8f5b-1e7c0a9d2365","client_id":"m-1002","type":"text","text":"Yes, two left.","media":"","thumbnail":"","file_name":"","file_size":0}},{"timestamp":1767225600,"message":{"id":"x","type":"location","media_group_id":"g-1","location":{"lon":37.6176,"lat":55.7558}}},{"message":{"id":"y","type":"contact","contact":{"name":"Ivan","phone":"+79990003344"}}}]}`,
			func(ctx context.Context, c *Client, ch Channel) (any, error) {
				return c.History(ctx, ch, ownScope, ownChat, 10, 1000)
			},
			[]HistoryMessage{{
				Ref: messageRef, ID: "m-1002", At: time.UnixMilli(1767225700050).UTC(),
				Sender: Party{Ref: "3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815", Name: "Oleg"},
				Receiver: Party{Ref: "e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473", ID: "client-981", Name: "Anna Petrova", Avatar: "https://files.example.org/a/981.png",
					Phone: "+79990001122", Email: "anna@example.org"},
				Content: Content{Type: "text", Text: "Yes, two left."},
			}, {Ref: "x", At: time.Unix(1767225600, 0).UTC(), Content: Content{Type: "location", MediaGroupID: "g-1", Location: &Location{Lon: 37.6176, Lat: 55.7558}}},
				{Ref: "y", Content: Content{Type: "contact", Contact: &Contact{Name: "Ivan", Phone: "+79990003344"}}}}},
		{"history of nothing", "GET", ownScope + "/chats/" + ownChat + "/history?limit=1&offset=0", "", 204, "",
			func(ctx context.Context, c *Client, ch Channel) (any, error) {
				return c.History(ctx, ch, ownScope, ownChat, -1, 0)
			},
			[]HistoryMessage(nil)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var want []byte
			if tt.golden != "" {
				var err error
				if want, err = os.ReadFile("testdata/requests/" + tt.golden + ".json"); err != nil {
					t.Fatal(err)
				}
			}
			c, ch := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if got := r.Method + " " + r.RequestURI; got != tt.method+" "+pathPrefix+tt.target {
					t.Errorf("request = %s, want %s %s", got, tt.method, pathPrefix+tt.target)
				}
				if got, _ := io.ReadAll(r.Body); !bytes.Equal(got, want) {
					t.Errorf("body = %s\nwant   %s", got, want)
				}
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.answer)
			})
			got, err := tt.call(t.Context(), c, ch)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnswersOtherThanSuccess(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status                int
		retryAfter, body      string
		temporary             bool
		wantCode              int
		wantDetail, wantError string
		wantRetryAfter        time.Duration
	}{
		{400, "", `{"error_code":400,"error_type":"BAD","error_description":"no name"}`, false, 400, "BAD no name", "amojo: send message: status 400, code 400: BAD no name", 0},
		{402, "", ``, true, 0, "", "amojo: send message: status 402", 0},
		{403, "", "wrong\nsignature", false, 0, "wrong signature", "amojo: send message: status 403: wrong signature", 0},
		{404, "", ``, false, 0, "", "amojo: send message: status 404", 0},
		{409, "", `[]`, false, 0, "[]", "amojo: send message: status 409: []", 0},
		{429, "7", ``, true, 0, "", "amojo: send message: status 429", 7 * time.Second},
		{429, "Thu, 01 Jan 2026 00:01:00 GMT", ``, true, 0, "", "amojo: send message: status 429", time.Minute},
		{429, "99999999999", ``, true, 0, "", "amojo: send message: status 429", 24 * time.Hour},
		{500, "-1", `{"error_code":"12"}`, true, 12, `{"error_code":"12"}`, `amojo: send message: status 500, code 12: {"error_code":"12"}`, 0},
		{503, "soon", strings.Repeat("x", 10000), true, 0, strings.Repeat("x", 500), "", 0},
		{302, "", ``, false, 0, "", "amojo: send message: status 302", 0},
	} {
		t.Run(fmt.Sprint(tt.status, tt.retryAfter), func(t *testing.T) {
			t.Parallel()
			c, ch := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", tt.retryAfter)
				w.Header().Set("Location", "/v2/origin/custom/elsewhere")
				w.Header().Set("Date", "Thu, 01 Jan 2026 00:20:00 GMT")
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			})
			_, err := c.SendMessage(t.Context(), ch, ownScope, text1)
			e, ok := errors.AsType[*APIError](err)
			if !ok {
				t.Fatalf("error = %v, want an *APIError", err)
			}
			want := APIError{"send message", tt.status, tt.wantCode, tt.wantDetail, tt.wantRetryAfter, 20 * time.Minute}
			if diff := cmp.Diff(want, *e); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if e.Temporary() != tt.temporary || NotSent(err) || Unknown(err) {
				t.Errorf("Temporary = %v, NotSent = %v, Unknown = %v", e.Temporary(), NotSent(err), Unknown(err))
			}
			if tt.wantError != "" && err.Error() != tt.wantError {
				t.Errorf("text = %q, want %q", err, tt.wantError)
			}
		})
	}
}

func TestUnreadableSuccessIsUnknown(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"empty": "", "no JSON": "ok", "cut": `{"new_message":{"msgid":"x"`, "no msgid": `{"new_message":{}}`, "null": `null`,
		"too long": `{"new_message":{"msgid":"x"}}` + strings.Repeat(" ", maxAnswer),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, ch := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, answer) })
			if _, err := c.SendMessage(t.Context(), ch, ownScope, text1); !Unknown(err) {
				t.Errorf("error = %v, want an unknown outcome", err)
			}
		})
	}
	t.Run("scope of another account", func(t *testing.T) {
		t.Parallel()
		c, ch := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"scope_id":"`+ownChannel+"_"+ownChannel+`"}`)
		})
		if _, err := c.Connect(t.Context(), ch, ownAccount, ConnectOptions{}); !Unknown(err) {
			t.Errorf("error = %v, want an unknown outcome", err)
		}
	})
}

// A connection cut after the request leaves the outcome open, and a POST is
// never sent again behind our back, not even on a connection used before.
func TestCutConnectionIsUnknownAndSentOnce(t *testing.T) {
	t.Parallel()
	var cut atomic.Bool
	var arrived atomic.Int32
	c, ch := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		arrived.Add(1)
		if !cut.Load() {
			io.WriteString(w, `{"new_message":{"msgid":"x"}}`)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	})
	if _, err := c.SendMessage(t.Context(), ch, ownScope, text1); err != nil {
		t.Fatal(err)
	}
	cut.Store(true)
	_, err := c.SendMessage(t.Context(), ch, ownScope, text1)
	if !Unknown(err) || NotSent(err) {
		t.Errorf("message: error = %v, want an unknown outcome", err)
	}
	if err := c.Disconnect(t.Context(), ch, ownAccount); !Unknown(err) {
		t.Errorf("disconnect: error = %v, want an unknown outcome", err)
	}
	if got := arrived.Load(); got != 3 {
		t.Errorf("%d requests arrived, want 3", got)
	}
}

func TestLateAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	var late atomic.Bool
	c, ch := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if late.Load() {
			<-r.Context().Done()
			return
		}
		io.WriteString(w, `{"new_message":{"msgid":"x"}}`)
	})
	// The connection is there before the clock runs: dialling must not eat the time.
	if _, err := c.SendMessage(t.Context(), ch, ownScope, text1); err != nil {
		t.Fatal(err)
	}
	late.Store(true)
	c.timeout = 300 * time.Millisecond
	_, err := c.SendMessage(t.Context(), ch, ownScope, text1)
	if !Unknown(err) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v, want an unknown outcome for the deadline", err)
	}
}

func TestNotSent(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + l.Addr().String()
	l.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tr := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if strings.HasPrefix(addr, "amojo.example.test") {
			return nil, &net.DNSError{Err: "no such host", Name: "amojo.example.test", IsNotFound: true}
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
	t.Cleanup(tr.CloseIdleConnections)
	c := New(Config{Transport: tr})
	bad := func(change func(*Channel)) Channel {
		ch := ours(plain.URL)
		change(&ch)
		return ch
	}
	for _, tt := range []struct {
		name  string
		ctx   context.Context
		ch    Channel
		scope chatid.ScopeID
	}{
		{"refused", t.Context(), ours(refused), ownScope},
		{"unknown host", t.Context(), ours("https://amojo.example.test"), ownScope},
		{"no TLS there", t.Context(), ours(strings.Replace(plain.URL, "http:", "https:", 1)), ownScope},
		{"caller gave up before", ended, ours(plain.URL), ownScope},
		{"scope of another channel", t.Context(), ours(plain.URL), ownAccount + "_" + ownAccount},
		{"malformed scope", t.Context(), ours(plain.URL), ownChannel + "/../"},
		{"no secret", t.Context(), bad(func(ch *Channel) { ch.Secret = "" }), ownScope},
		{"base address with a path", t.Context(), bad(func(ch *Channel) { ch.BaseURL += "/v2" }), ownScope},
		{"base address of another scheme", t.Context(), bad(func(ch *Channel) { ch.BaseURL = "ftp://amojo.example.test" }), ownScope},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.SendMessage(tt.ctx, tt.ch, tt.scope, text1)
			if !NotSent(err) || Unknown(err) {
				t.Errorf("error = %v, want not sent", err)
			}
			if err != nil && strings.Contains(err.Error(), ownSecret) {
				t.Errorf("error shows the secret: %v", err)
			}
		})
	}
	for _, ref := range []chatid.MessageRef{"", "..", "a/b", "a?b", "a b", chatid.MessageRef(strings.Repeat("a", 129))} {
		if err := c.SetDeliveryStatus(t.Context(), ours(plain.URL), ownScope, ref, DeliveryStatus{Status: Read}); !NotSent(err) {
			t.Errorf("reference %q: error = %v, want not sent", ref, err)
		}
	}
}

func TestChannelHidesItsSecret(t *testing.T) {
	t.Parallel()
	for _, s := range []string{fmt.Sprintf("%v", ours("")), fmt.Sprintf("%+v", ours("")), fmt.Sprintf("%#v", ours(""))} {
		if strings.Contains(s, ownSecret) {
			t.Errorf("printed channel shows its secret: %s", s)
		}
	}
}
