package amojo

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each method makes the request of its published example: where our bytes are
// the example's (those of the older ones escape slashes and letters), the
// signature is too.
func TestMethodsMakeThePublishedRequests(t *testing.T) {
	t.Parallel()
	const scope2021 = "344a5002-f8ca-454d-af3d-396180102ac7_52e591f7-c98f-4255-8495-827210138c81"
	const scope2020 = "f90ba33d-c9d9-44da-b76c-c349b0ecbe41_af9945ff-1490-4cad-807d-945c15d88bec"
	client := Participant{ID: "my_int-1376265f-86df-4c49-a0c3-a4816df41af8", Name: "Вася клиент", Phone: "+79151112233", Email: "example.client@example.com",
		Avatar:      "https://images.pexels.com/photos/10050979/pexels-photo-10050979.jpeg?auto=compress&cs=tinysrgb&dpr=2&w=500",
		ProfileLink: "https://example.com/profile/example.client"}
	message := Message{ID: "my_int-5f2836a8ca481", Conversation: "my_int-d5a421f7f218", SentAt: time.UnixMilli(1639660529379), Sender: client, Out: Out{Text: "Сообщение от клиента"}}
	withSource := message
	withSource.SentAt, withSource.SourceID = time.UnixMilli(1639738768457), "79039876543"
	other := client
	other.ID, other.Name, other.Avatar = "my_int-1376265f-86df-4c49-a0c3-a4816df41af9", "Имя клиента", "https://example.com/users/avatar.png"
	calls := map[string]struct {
		sameBytes bool
		answer    string
		call      func(context.Context, *Client, Channel) error
	}{
		"connect-2021": {true, `{"scope_id":"` + scope2021 + `"}`, func(ctx context.Context, c *Client, ch Channel) error {
			_, err := c.Connect(ctx, ch, "52e591f7-c98f-4255-8495-827210138c81", ConnectOptions{Title: "ChatsIntegration"})
			return err
		}},
		"connect-2020": {true, `{"scope_id":"` + scope2020 + `"}`, func(ctx context.Context, c *Client, ch Channel) error {
			_, err := c.Connect(ctx, ch, "af9945ff-1490-4cad-807d-945c15d88bec", ConnectOptions{Title: "ScopeTitle"})
			return err
		}},
		"disconnect-2021": {true, "", func(ctx context.Context, c *Client, ch Channel) error {
			return c.Disconnect(ctx, ch, "52e591f7-c98f-4255-8495-827210138c81")
		}},
		"typing-2021": {true, "", func(ctx context.Context, c *Client, ch Channel) error {
			return c.SetTyping(ctx, ch, scope2021, "my_int-d5a421f7f218", "my_int-1376265f-86df-4c49-a0c3-a4816df41af8", 0)
		}},
		"history-get-2020": {true, "{}", func(ctx context.Context, c *Client, ch Channel) error {
			_, err := c.History(ctx, ch, scope2020, "6cbab3d5-c4c1-46ff-b710-ad59ad10805f", 0, MaxHistoryPage)
			return err
		}},
		"new-message-2021": {false, someAnswer, func(ctx context.Context, c *Client, ch Channel) error {
			_, err := c.SendMessage(ctx, ch, scope2021, message)
			return err
		}},
		"new-message-with-source-2021": {false, someAnswer, func(ctx context.Context, c *Client, ch Channel) error {
			_, err := c.SendMessage(ctx, ch, scope2021, withSource)
			return err
		}},
		"create-chat-2021": {false, `{"id":"x"}`, func(ctx context.Context, c *Client, ch Channel) error {
			_, err := c.CreateChat(ctx, ch, scope2021, NewChat{Conversation: "my_int-8e3e7640-49af-4448-a2c6-d5a421f7f217", SourceID: "78001234567", User: other})
			return err
		}},
		// The body's form has changed since (C §3.5); the place has not.
		"delivery-status-2021": {false, "", func(ctx context.Context, c *Client, ch Channel) error {
			return c.SetDeliveryStatus(ctx, ch, scope2021, "079e44fb-fc22-476b-9e8a-421b688ec53b", DeliveryStatus{Status: Read})
		}},
	}
	tested := 0
	for _, v := range vectors(t) {
		call, ok := calls[v.Name]
		if !ok {
			continue
		}
		tested++
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			now, err := time.Parse(time.RFC1123Z, v.Date)
			if err != nil {
				t.Fatal(err)
			}
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.Method != v.Method || r.URL.Path != v.Path || r.Header.Get("Date") != v.Date {
					t.Errorf("request = %s %s of %s", r.Method, r.URL.Path, r.Header.Get("Date"))
				}
				switch {
				case call.sameBytes:
					if md5, sig := r.Header.Get("Content-MD5"), r.Header.Get("X-Signature"); string(body) != v.Body || md5 != v.ContentMD5 || sig != v.Signature {
						t.Errorf("%s with MD5 %s and signature %s, want %s with %s and %s", body, md5, sig, v.Body, v.ContentMD5, v.Signature)
					}
				case v.Name != "delivery-status-2021":
					if diff := cmp.Diff(decoded(t, []byte(v.Body)), decoded(t, body)); diff != "" {
						t.Errorf("body (-want +got):\n%s", diff)
					}
				}
				io.WriteString(w, call.answer)
			}))
			t.Cleanup(srv.Close)
			tr := &http.Transport{}
			t.Cleanup(tr.CloseIdleConnections)
			channel, _, _ := strings.Cut(strings.TrimPrefix(v.Path, pathPrefix), "/")
			ch := Channel{Secret: v.Secret, BaseURL: srv.URL}
			ch.ID = "344a5002-f8ca-454d-af3d-396180102ac7"
			if !strings.HasPrefix(channel, string(ch.ID)) {
				ch.ID = "f90ba33d-c9d9-44da-b76c-c349b0ecbe41"
			}
			if err := call.call(t.Context(), New(Config{Transport: tr, Now: func() time.Time { return now }}), ch); err != nil {
				t.Error(err)
			}
		})
	}
	if tested != len(calls) {
		t.Errorf("%d of %d examples found", tested, len(calls))
	}
}
