package desk

import (
	"testing"
	"time"

	"leadline/backend/chatid"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// TestWhoHearsOfACallBack: docs/http-api.md, "Background work".
func TestWhoHearsOfACallBack(t *testing.T) {
	t.Parallel()
	const anna, boris, vera = 1, 2, 3
	at := func(ago time.Duration) CallBack { return CallBack{At: noon.Add(-ago), Responsible: anna} }
	with := func(c CallBack, change func(*CallBack)) CallBack { change(&c); return c }
	all := []chatid.CRMUserID{anna, boris, vera}
	for _, tt := range []struct {
		name   string
		call   CallBack
		online []chatid.CRMUserID
		want   []chatid.CRMUserID
	}{
		{"the responsible user alone, who is online", at(0), all, []chatid.CRMUserID{anna}},
		{"after some minutes all who are online", at(5 * time.Minute), []chatid.CRMUserID{anna, boris}, []chatid.CRMUserID{anna, boris}},
		{"not yet", at(5*time.Minute - time.Second), all, []chatid.CRMUserID{anna}},
		{"the others, where the responsible user is away; that one too, who evidently is there", at(0), []chatid.CRMUserID{boris}, []chatid.CRMUserID{anna, boris}},
		{"whoever asks, where nobody is online", at(0), nil, all},
		{"all who are online, where nobody is responsible", with(at(0), func(c *CallBack) { c.Responsible = 0 }), []chatid.CRMUserID{boris, vera}, []chatid.CRMUserID{boris, vera}},
		{"who took it, and nobody else", with(at(time.Hour), func(c *CallBack) { c.TakenBy, c.AliveAt = vera, noon.Add(-9*time.Minute) }), all, []chatid.CRMUserID{vera}},
		{"as before, once who took it was silent", with(at(0), func(c *CallBack) { c.TakenBy, c.AliveAt = vera, noon.Add(-10*time.Minute) }), all, []chatid.CRMUserID{anna}},
		{"the others, when the responsible user gave it back", with(at(0), func(c *CallBack) { c.ReleasedBy = anna }), all, []chatid.CRMUserID{boris, vera}},
		{"still the responsible user, when another gave it back", with(at(time.Hour), func(c *CallBack) { c.ReleasedBy = vera }), all, []chatid.CRMUserID{anna, boris}},
		{"who gave it back, where nobody else is there", with(at(0), func(c *CallBack) { c.ReleasedBy = anna }), []chatid.CRMUserID{anna}, all},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []chatid.CRMUserID
			for _, u := range all {
				if tt.call.concerns(u, Presence{Online: tt.online}, noon) {
					got = append(got, u)
				}
			}
			if len(got) != len(tt.want) {
				t.Fatalf("%v hear of it, want %v", got, tt.want)
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Fatalf("%v hear of it, want %v", got, tt.want)
				}
			}
		})
	}
}
