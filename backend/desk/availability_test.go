package desk

import (
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/onlinechat"
)

// TestAvailability is the table of docs/http-api.md, "Availability".
func TestAvailability(t *testing.T) {
	t.Parallel()
	hours := func(text string) onlinechat.Hours {
		h, err := onlinechat.ParseHours("Europe/Moscow", text)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	// noon, a Monday, is 15:00 in Moscow.
	open, closed := hours("mon 09:00-18:00"), hours("tue-wed 10:00-18:00")
	report := func(ago, good time.Duration, online ...chatid.CRMUserID) Presence {
		return Presence{Online: online, ReportedAt: noon.Add(-ago), GoodUntil: noon.Add(-ago + good)}
	}
	const good = 3 * time.Minute
	back := time.Date(2026, 3, 3, 7, 0, 0, 0, time.UTC) // Tuesday, 10:00 in Moscow
	for _, tt := range []struct {
		name  string
		hours onlinechat.Hours
		seen  Presence
		want  Availability
	}{
		{"closed, whoever is online", closed, report(0, good, 7), Availability{Away, back}},
		{"closed, nobody reports", closed, Presence{}, Availability{Away, back}},
		{"open and somebody is online", open, report(time.Minute, good, 7), Availability{State: Online}},
		{"open and nobody is online", open, report(time.Minute, good), Availability{State: Away}},
		{"open and the report is too old", open, report(good, good, 7), Availability{State: Away}},
		{"open and no report for a week", open, report(7*24*time.Hour, good, 7), Availability{State: Online}},
		{"open and never a report", open, Presence{}, Availability{State: Online}},
		{"no hours, somebody is online", onlinechat.Hours{}, report(0, good, 7), Availability{State: Online}},
		{"no hours, nobody is online", onlinechat.Hours{}, report(0, good), Availability{State: Away}},
		{"no hours, the report is too old", onlinechat.Hours{}, report(good, good, 7), Availability{State: Unknown}},
		{"no hours, never a report", onlinechat.Hours{}, Presence{}, Availability{State: Unknown}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := available(tt.hours, tt.seen, noon); got != tt.want {
				t.Errorf("available = %+v, want %+v", got, tt.want)
			}
		})
	}
}
