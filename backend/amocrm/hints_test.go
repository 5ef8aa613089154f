package amocrm

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadline/backend/chatid"
)

const hintedChat = "5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55"

// The keys are those of C §7.6, "Keys seen".
func TestParseHints(t *testing.T) {
	t.Parallel()
	talk := []HintedTalk{{ID: 117, Chat: hintedChat}}
	for _, tt := range []struct {
		name, body string
		want       Hints
	}{
		{"a changed talk", "talk[update][0][talk_id]=117&talk[update][0][chat_id]=" + hintedChat + "&talk[update][0][is_read]=1&account[id]=31000001&account[subdomain]=democo", Hints{Talks: talk}},
		{"brackets as %5B", "talk%5Badd%5D%5B0%5D%5Btalk_id%5D=117&talk%5Badd%5D%5B0%5D%5Bchat_id%5D=" + hintedChat, Hints{Talks: talk}},
		{"two talks", "talk[update][0][talk_id]=117&talk[update][1][talk_id]=118&talk[update][0][chat_id]=" + hintedChat, Hints{Talks: []HintedTalk{{117, hintedChat}, {118, ""}}}},
		{"a talk without a usable chat", "talk[update][0][talk_id]=117&talk[update][0][chat_id]=../x", Hints{Talks: []HintedTalk{{ID: 117}}}},
		{"a talk without an id", "talk[update][0][chat_id]=" + hintedChat, Hints{}},
		{"an incoming lead", "unsorted[add][0][uid]=a1f4c09e&unsorted[add][0][source_data][origin][chat_id]=" + hintedChat, Hints{Chats: []chatid.ChatRef{hintedChat}}},
		{"an accepted one", "unsorted[delete][0][action]=accept&unsorted[delete][0][uid]=a1&unsorted[delete][0][accept_result][contacts][0]=501&unsorted[delete][0][accept_result][leads][0]=7001", Hints{Contacts: []chatid.ContactID{501}, Accepted: []LeadID{7001}}},
		{"a declined one", "unsorted[delete][0][decline_result][contacts][]=501", Hints{Contacts: []chatid.ContactID{501}}},
		{"contacts", "contacts[update][0][id]=501&contacts[update][0][id]=501&contacts[delete][0][id]=502&contacts[update][0][name]=Anna&contacts[add][0][id]=503", Hints{Contacts: []chatid.ContactID{501, 502}}},
		{"a removed lead", "leads[delete][0][id]=7001&leads[update][0][id]=7002", Hints{Leads: []LeadID{7001}}},
		{"ids that are none", "contacts[update][0][id]=-1&contacts[update][1][id]=x&contacts[update][2][id]=99999999999999999999&talk[update][0][talk_id]=1.5", Hints{}},
		{"other events", "task[add][0][id]=1&message[add][0][talk_id]=117&x=1&=&talk[update]=1", Hints{}},
		{"keys that nobody writes", "talk[update[0][talk_id]=1&talk[update][0]talk_id]=1&talk[a][b][c][d][e][f][g][h][i]=1&[][][][]=3", Hints{}},
		{"nothing", "", Hints{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseHints(tt.body)
			if d := cmp.Diff(tt.want, got); err != nil || d != "" {
				t.Errorf("error %v (-want +got):\n%s", err, d)
			}
		})
	}
}

func TestParseHintsIsBounded(t *testing.T) {
	t.Parallel()
	var many, longer strings.Builder
	for n := range 1000 {
		fmt.Fprintf(&many, "contacts[update][%d][id]=%d&talk[update][%d][talk_id]=%d&", n, n+1, n, n+1)
	}
	h, err := ParseHints(many.String())
	if err != nil || len(h.Contacts) != maxHints || len(h.Talks) != maxHints {
		t.Errorf("%d contacts, %d talks, %v: want %d of each", len(h.Contacts), len(h.Talks), err, maxHints)
	}
	for range 5000 {
		longer.WriteString("a=1&")
	}
	for name, body := range map[string]string{"too many fields": longer.String(), "bad escape in a key": "a%zz=1", "bad escape in a value": "a=%zz"} {
		if _, err := ParseHints(body); !errors.Is(err, ErrHints) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseHints(f *testing.F) {
	f.Add("talk[update][0][talk_id]=117&talk[update][0][chat_id]=" + hintedChat)
	f.Add("unsorted%5Badd%5D%5B0%5D%5Bsource_data%5D%5Borigin%5D%5Bchat_id%5D=" + hintedChat)
	f.Add("contacts[delete][0][id]=1&leads[delete][0][id]=2&unsorted[delete][0][accept_result][contacts][0]=3")
	f.Fuzz(func(t *testing.T, body string) {
		h, err := ParseHints(body)
		if err != nil && (h.Talks != nil || h.Chats != nil || h.Contacts != nil || h.Leads != nil) {
			t.Errorf("hints %+v beside error %v", h, err)
		}
		for _, c := range h.Chats {
			if !chatid.Valid(string(c)) {
				t.Errorf("chat %q", c)
			}
		}
		for _, x := range h.Talks {
			if x.ID <= 0 || x.Chat != "" && !chatid.Valid(string(x.Chat)) {
				t.Errorf("talk %+v", x)
			}
		}
		for _, id := range h.Contacts {
			if id <= 0 {
				t.Errorf("contact %d", id)
			}
		}
	})
}
