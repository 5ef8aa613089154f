package onlinechat

import (
	"strings"
	"testing"
	"time"
)

func mustHours(t *testing.T, zone, text string) Hours {
	t.Helper()
	h, err := ParseHours(zone, text)
	if err != nil {
		t.Fatalf("%q in %s: %v", text, zone, err)
	}
	return h
}

// TestHours: times are those of the clocks in the zone, whatever was done to them.
// In 2026 clocks jump in New York from 02:00 to 03:00 on 8 March (07:00 UTC) and go
// back from 02:00 to 01:00 on 1 November (06:00 UTC); in Lord Howe by half an hour
// only, from 02:00 back to 01:30 on 5 April (15:00 UTC of the day before); in Apia,
// 2011, the whole 30 December is left out.
func TestHours(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, zone, hours string
		at                string // UTC
		open              bool
		opens             string // UTC; "" when it is open, "never"
	}{
		{"the first minute", "Europe/Moscow", "mon-fri 09:00-18:00", "2026-03-02T06:00:00Z", true, ""},
		{"the minute before", "Europe/Moscow", "mon-fri 09:00-18:00", "2026-03-02T05:59:59Z", false, "2026-03-02T06:00:00Z"},
		{"the end is not in it", "Europe/Moscow", "mon-fri 09:00-18:00", "2026-03-02T15:00:00Z", false, "2026-03-03T06:00:00Z"},
		{"over the weekend", "Europe/Moscow", "mon-fri 09:00-18:00", "2026-03-06T20:00:00Z", false, "2026-03-09T06:00:00Z"},
		{"lunch", "Europe/Moscow", "mon 09:00-13:00, mon 14:00-18:00", "2026-03-02T10:30:00Z", false, "2026-03-02T11:00:00Z"},
		{"one span a week, just over", "Europe/Moscow", "mon 09:00-10:00", "2026-03-02T07:00:00Z", false, "2026-03-09T06:00:00Z"},
		{"over midnight", "Europe/Moscow", "fri 22:00-02:00", "2026-03-06T22:59:00Z", true, ""},
		{"after the night", "Europe/Moscow", "fri 22:00-02:00", "2026-03-06T23:00:00Z", false, "2026-03-13T19:00:00Z"},
		{"sunday night into monday", "Europe/Moscow", "sun 23:00-01:00", "2026-03-01T21:30:00Z", true, ""},
		{"all the time", "Europe/Moscow", "daily 00:00-24:00", "2026-03-01T20:59:59Z", true, ""},

		{"it opens with the jump", "America/New_York", "sun 02:30-12:00", "2026-03-08T06:59:59Z", false, "2026-03-08T07:00:00Z"},
		{"and at the usual time a week later", "America/New_York", "sun 02:30-12:00", "2026-03-15T05:00:00Z", false, "2026-03-15T06:30:00Z"},
		{"an hour that is jumped over never comes", "America/New_York", "sun 02:00-03:00", "2026-03-08T06:59:59Z", false, "2026-03-15T06:00:00Z"},
		{"a week whose only hour is jumped over", "America/New_York", "sun 02:00-03:00", "2026-03-01T08:00:00Z", false, "2026-03-15T06:00:00Z"},
		{"over the jump it opens an hour earlier in UTC", "America/New_York", "daily 09:00-18:00", "2026-03-07T23:00:00Z", false, "2026-03-08T13:00:00Z"},
		{"the repeated hour, first time", "America/New_York", "sun 01:30-02:00", "2026-11-01T05:30:00Z", true, ""},
		{"between the two", "America/New_York", "sun 01:30-02:00", "2026-11-01T06:00:00Z", false, "2026-11-01T06:30:00Z"},
		{"the repeated hour, second time", "America/New_York", "sun 01:30-02:00", "2026-11-01T06:45:00Z", true, ""},
		{"clocks that are put back into the hours", "America/New_York", "sun 00:30-01:15", "2026-11-01T05:20:00Z", false, "2026-11-01T06:00:00Z"},
		{"half an hour back, second time", "Australia/Lord_Howe", "sun 01:40-02:00", "2026-04-04T15:05:00Z", false, "2026-04-04T15:10:00Z"},
		{"a day that was left out", "Pacific/Apia", "fri 09:00-18:00", "2011-12-29T12:00:00Z", false, "2012-01-05T19:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := mustHours(t, tt.zone, tt.hours)
			at, err := time.Parse(time.RFC3339, tt.at)
			if err != nil {
				t.Fatal(err)
			}
			if got := h.Open(at); got != tt.open {
				t.Errorf("Open = %v, want %v", got, tt.open)
			}
			want := tt.opens
			if tt.open {
				want = tt.at
			}
			got, ok := h.Opens(at)
			if !ok || got.Format(time.RFC3339) != want {
				t.Errorf("Opens = %s %v, want %s", got.Format(time.RFC3339), ok, want)
			}
		})
	}
}

// TestOpensIsTheFirstOpenMinute compares with a look at every minute, through a
// year with both changes of the clocks.
func TestOpensIsTheFirstOpenMinute(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"} {
		h := mustHours(t, zone, "sat-sun 00:00-00:20, sun 01:15-02:45, mon 23:30-00:30, thu 12:00-12:01")
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		var next time.Time
		for at := from.AddDate(1, 0, 8); !at.Before(from); at = at.Add(-time.Minute) {
			if h.Open(at) {
				next = at
			}
			if at.Unix()/60%89 != 0 || at.After(from.AddDate(1, 0, 0)) {
				continue
			}
			if got, ok := h.Opens(at); !ok || !got.Equal(next) {
				t.Fatalf("%s: Opens(%s) = %s %v, want %s", zone, at.Format(time.RFC3339), got.Format(time.RFC3339), ok, next.Format(time.RFC3339))
			}
		}
	}
}

func TestHoursAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	h := mustHours(t, "Europe/Moscow", " Mon-Wed 9:00-18:00,sat 22:00-02:00 ")
	const want = "mon 09:00-18:00, tue 09:00-18:00, wed 09:00-18:00, sat 22:00-24:00, sun 00:00-02:00 (Europe/Moscow)"
	if h.String() != want {
		t.Errorf("read as %s, want %s", h, want)
	}
	if again := mustHours(t, h.Zone, strings.TrimSuffix(h.String(), " (Europe/Moscow)")); again.String() != want {
		t.Errorf("what was written is read as %s", again)
	}
	for _, bad := range []struct{ zone, text string }{
		{"", "mon 09:00-18:00"}, {"Local", "mon 09:00-18:00"}, {"Mars/Olympus", "mon 09:00-18:00"}, {"../etc/passwd", "mon 09:00-18:00"},
		{"UTC", ""}, {"UTC", "mon"}, {"UTC", "mon 09:00"}, {"UTC", "mon 9-18"}, {"UTC", "fri-mon 09:00-18:00"}, {"UTC", "day 09:00-18:00"},
		{"UTC", "mon 09:00-09:00"}, {"UTC", "mon 09:00-25:00"}, {"UTC", "mon 24:00-09:00"}, {"UTC", "mon 09:00-12:00, mon 11:00-13:00"},
		{"UTC", "mon 09:00-18:00,"}, {"UTC", strings.Repeat("mon 09:00-09:01, ", 200) + "mon 10:00-11:00"},
	} {
		if h, err := ParseHours(bad.zone, bad.text); err == nil {
			t.Errorf("%q in %q was read as %s", bad.text, bad.zone, h)
		}
	}
	if (Hours{}).Set() || (Hours{}).String() != "" {
		t.Error("no hours are hours")
	}
}
