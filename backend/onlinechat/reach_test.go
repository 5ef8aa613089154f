package onlinechat

import (
	"strings"
	"testing"
	"time"

	"leadline/backend/fault"
)

// TestHolidays: on a day off nobody is there, by the calendar of the zone (in
// Moscow it ends at 21:00 UTC), and the hours begin again with the first day that is none.
func TestHolidays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, hours string
		holidays    []Holiday
		at          string // UTC
		opens       string // UTC; "" when it is open
	}{
		{"the day before", "daily 09:00-18:00", []Holiday{{"2026-12-31", "2027-01-08"}}, "2026-12-30T12:00:00Z", ""},
		{"its first minute", "daily 00:00-24:00", []Holiday{{"2026-12-31", "2027-01-08"}}, "2026-12-30T21:00:00Z", "2027-01-08T21:00:00Z"},
		{"its last minute", "daily 00:00-24:00", []Holiday{{"2026-12-31", "2027-01-08"}}, "2027-01-08T20:59:00Z", "2027-01-08T21:00:00Z"},
		{"the evening before leads over it", "mon-fri 09:00-18:00", []Holiday{{"2026-12-31", "2027-01-08"}}, "2026-12-30T16:00:00Z", "2027-01-11T06:00:00Z"},
		{"one day", "daily 09:00-18:00", []Holiday{{"2026-03-08", "2026-03-08"}}, "2026-03-08T10:00:00Z", "2026-03-09T06:00:00Z"},
		{"two behind each other", "daily 09:00-18:00", []Holiday{{"2026-03-08", "2026-03-08"}, {"2026-03-09", "2026-03-10"}}, "2026-03-08T10:00:00Z", "2026-03-11T06:00:00Z"},
		{"longer than one looks ahead without it", "mon 09:00-18:00", []Holiday{{"2026-06-01", "2026-08-31"}}, "2026-06-15T10:00:00Z", "2026-09-07T06:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := mustHours(t, "Europe/Moscow", tt.hours)
			h.Holidays = tt.holidays
			at, err := time.Parse(time.RFC3339, tt.at)
			if err != nil {
				t.Fatal(err)
			}
			want := tt.opens
			if want == "" {
				want = tt.at
			}
			got, ok := h.Opens(at)
			if h.Open(at) != (tt.opens == "") || !ok || got.Format(time.RFC3339) != want {
				t.Errorf("Open = %v, Opens = %s %v, want %s", h.Open(at), got.Format(time.RFC3339), ok, want)
			}
		})
	}
	h := mustHours(t, "UTC", "mon 09:00-10:00")
	h.Holidays = []Holiday{{"2026-12-31", "2027-01-08"}, {"2027-05-01", "2027-05-01"}}
	if want := "mon 09:00-10:00 (UTC), not on 2026-12-31..2027-01-08, 2027-05-01"; h.String() != want {
		t.Errorf("written as %s, want %s", h, want)
	}
}

func TestSetReachRefuses(t *testing.T) {
	t.Parallel()
	hours := func(list ...Holiday) Hours {
		h := mustHours(t, "UTC", "mon 09:00-10:00")
		h.Holidays = list
		return h
	}
	many := make([]Holiday, MaxHolidays+1)
	for i := range many {
		many[i] = Holiday{"2026-01-01", "2026-01-01"}
	}
	for name, r := range map[string]Reach{
		"a text that is too long":    {AwayText: strings.Repeat("я", MaxReachText+1)},
		"a text of two lines":        {OnlineText: "a\nb"},
		"a text that is none":        {OnlineText: "\xff"},
		"an unknown question":        {Ask: "address"},
		"hours without a zone":       {Hours: Hours{Zone: "Mars/Olympus"}},
		"a holiday that is no date":  {Hours: hours(Holiday{"2026-02-30", "2026-03-01"})},
		"a holiday without an end":   {Hours: hours(Holiday{"2026-02-20", ""})},
		"a holiday that runs back":   {Hours: hours(Holiday{"2026-02-20", "2026-02-19"})},
		"a holiday of over a year":   {Hours: hours(Holiday{"2026-02-20", "2027-02-21"})},
		"more holidays than allowed": {Hours: hours(many...)},
	} {
		if err := service(&kept{}).SetReach(t.Context(), "a", "c", r); fault.CodeOf(err) != "invalid_request" {
			t.Errorf("%s: %v, want invalid_request", name, err)
		}
	}
	k := &kept{}
	want := Reach{AwayText: strings.Repeat("я", MaxReachText), Ask: AskPhone, Hours: hours(Holiday{"2026-02-20", "2027-02-20"})}
	if err := service(k).SetReach(t.Context(), "a", "c", want); err != nil || k.reach.AwayText != want.AwayText || k.reach.Ask != AskPhone {
		t.Errorf("%v, stored %+v", err, k.reach)
	}
}
