package onlinechat

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Hours are when an online chat is staffed: times of the day in one time zone, for
// each day of the week. The zero value is "not set".
//
// A time is what clocks there show. Where a clock jumps forward over an opening
// time the chat opens with the jump; where it goes back the repeated hour counts
// both times.
type Hours struct {
	// Zone is a name of the IANA database, "Europe/Moscow".
	Zone string `json:"zone"`
	// Days begin with Sunday, as time.Weekday does.
	Days [7][]Span `json:"days"`
	// Holidays are dates on which nobody is there, whatever day of the week they are.
	Holidays []Holiday `json:"holidays,omitempty"`
}

// Span is a part of a day, in minutes since midnight: From included, To not; To is
// 1440 for the end of the day.
type Span struct {
	From int `json:"from"`
	To   int `json:"to"`
}

const (
	minutesOfDay = 24 * 60
	// lookAhead is in days: the only hour of a week may be one that clocks jump over.
	lookAhead = 16
	// maxSpans bounds a day.
	maxSpans = 12
)

// Set tells whether there are hours at all.
func (h Hours) Set() bool { return h.Zone != "" }

// Check tells what is wrong with hours from outside. At least one day has a span.
func (h Hours) Check() error {
	if !h.Set() || h.Zone == "Local" || len(h.Zone) > 64 {
		return errors.New("a time zone is needed, like Europe/Moscow")
	}
	if _, err := time.LoadLocation(h.Zone); err != nil {
		return fmt.Errorf("no time zone is called %q", h.Zone)
	}
	spans := 0
	for day, list := range h.Days {
		if len(list) > maxSpans {
			return fmt.Errorf("%s has more than %d spans", dayNames[day], maxSpans)
		}
		for i, s := range list {
			spans++
			if s.From < 0 || s.To > minutesOfDay || s.From >= s.To {
				return fmt.Errorf("%s: no part of a day: %s", dayNames[day], s)
			}
			if i > 0 && s.From < list[i-1].To {
				return fmt.Errorf("%s: %s begins before %s ends", dayNames[day], s, list[i-1])
			}
		}
	}
	if spans == 0 {
		return errors.New("no day has hours")
	}
	return checkHolidays(h.Holidays)
}

// zones holds those that were read: each is a file, and there are some hundreds.
var zones sync.Map

// zone gives the time zone; UTC for one that this machine no longer knows.
func (h Hours) zone() *time.Location {
	if l, ok := zones.Load(h.Zone); ok {
		return l.(*time.Location)
	}
	l, err := time.LoadLocation(h.Zone)
	if err != nil {
		return time.UTC
	}
	zones.Store(h.Zone, l)
	return l
}

// Open tells whether t lies within the hours.
func (h Hours) Open(t time.Time) bool { return h.open(t.In(h.zone())) }

func (h Hours) open(local time.Time) bool {
	if h.holiday(local) {
		return false
	}
	minute := local.Hour()*60 + local.Minute()
	return slices.ContainsFunc(h.Days[local.Weekday()], func(s Span) bool { return s.From <= minute && minute < s.To })
}

// Opens gives the first moment from t on that lies within the hours, in UTC; ok is
// false where there is none within lookAhead and the holidays in it.
func (h Hours) Opens(t time.Time) (opens time.Time, ok bool) {
	local := t.In(h.zone())
	if h.open(local) {
		return t.UTC(), true
	}
	// The hours begin where a span does, or where the clocks are changed.
	var may []time.Time
	year, month, day := local.Date()
	ahead := lookAhead
	for n := 0; n < ahead; n++ {
		date := time.Date(year, month, day+n, 12, 0, 0, 0, local.Location())
		if h.holiday(date) {
			ahead = min(ahead+1, maxAhead)
			continue
		}
		for _, s := range h.Days[date.Weekday()] {
			may = append(may, moments(date, s.From)...)
		}
	}
	for end := local.AddDate(0, 0, ahead); ; {
		_, change := local.ZoneBounds()
		if change.IsZero() || change.After(end) {
			break
		}
		may = append(may, change)
		local = change
	}
	slices.SortFunc(may, time.Time.Compare)
	for _, m := range may {
		if m.After(t) && h.open(m) {
			return m.UTC(), true
		}
	}
	return time.Time{}, false
}

// moments are those at which the clocks of a date show a minute of the day: mostly
// one, two where they are put back, none where they jump over it.
func moments(noon time.Time, minute int) (list []time.Time) {
	year, month, day := noon.Date()
	wall := time.Date(year, month, day, 0, minute, 0, 0, time.UTC)
	for _, near := range []time.Time{noon.Add(-24 * time.Hour), noon.Add(24 * time.Hour)} {
		_, offset := near.Zone()
		m := wall.Add(-time.Duration(offset) * time.Second).In(noon.Location())
		if m.Day() == day && m.Hour()*60+m.Minute() == minute && !slices.ContainsFunc(list, m.Equal) {
			list = append(list, m)
		}
	}
	return list
}

var dayNames = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// week is the order in which people write the days.
var week = [7]time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

// ParseHours reads hours as people write them: "mon-fri 09:00-18:00, sat
// 10:00-14:00"; several entries may name one day, a span may end on the next day
// ("fri 22:00-02:00"), "daily" is every day.
func ParseHours(zone, text string) (Hours, error) {
	h := Hours{Zone: zone}
	for entry := range strings.SplitSeq(text, ",") {
		fields := strings.Fields(strings.ToLower(entry))
		if len(fields) != 2 {
			return Hours{}, fmt.Errorf("%q: want days and hours, like mon-fri 09:00-18:00", strings.TrimSpace(entry))
		}
		days, err := parseDays(fields[0])
		if err != nil {
			return Hours{}, err
		}
		var s Span
		from, to, ok := strings.Cut(fields[1], "-")
		s.From, err = parseTime(from)
		if err == nil {
			s.To, err = parseTime(to)
		}
		if err != nil || !ok || s.From == s.To || s.From == minutesOfDay {
			return Hours{}, fmt.Errorf("%q: want hours like 09:00-18:00", fields[1])
		}
		for _, d := range days {
			if s.From < s.To {
				h.Days[d] = append(h.Days[d], s)
				continue
			}
			h.Days[d] = append(h.Days[d], Span{s.From, minutesOfDay})
			if s.To > 0 {
				next := (d + 1) % 7
				h.Days[next] = append(h.Days[next], Span{0, s.To})
			}
		}
	}
	for _, list := range h.Days {
		slices.SortFunc(list, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	}
	if err := h.Check(); err != nil {
		return Hours{}, err
	}
	return h, nil
}

func parseDays(text string) ([]time.Weekday, error) {
	if text == "daily" {
		return week[:], nil
	}
	from, to, many := strings.Cut(text, "-")
	if !many {
		to = from
	}
	i := slices.IndexFunc(week[:], func(d time.Weekday) bool { return dayNames[d] == from })
	j := slices.IndexFunc(week[:], func(d time.Weekday) bool { return dayNames[d] == to })
	if i < 0 || j < i {
		return nil, fmt.Errorf("%q: want a day or days, like sat, mon-fri or daily", text)
	}
	return week[i : j+1], nil
}

// parseTime reads "09:00" to "24:00" as minutes.
func parseTime(text string) (int, error) {
	if text == "24:00" {
		return minutesOfDay, nil
	}
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err
}

// String writes a span as "09:00-18:00".
func (s Span) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", s.From/60, s.From%60, s.To/60, s.To%60)
}

// String writes the hours as ParseHours reads them, and the zone after them; "" where
// they are not set.
func (h Hours) String() string {
	if !h.Set() {
		return ""
	}
	var list []string
	for _, d := range week {
		for _, s := range h.Days[d] {
			list = append(list, dayNames[d]+" "+s.String())
		}
	}
	text := strings.Join(list, ", ") + " (" + h.Zone + ")"
	if len(h.Holidays) > 0 {
		var off []string
		for _, d := range h.Holidays {
			off = append(off, d.String())
		}
		text += ", not on " + strings.Join(off, ", ")
	}
	return text
}
