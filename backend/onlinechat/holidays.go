package onlinechat

import (
	"fmt"
	"time"
)

// Holiday is a time of days off, both ends included: dates of the hours' time zone.
type Holiday struct {
	From Date `json:"from"`
	To   Date `json:"to"`
}

// Date is a day of the calendar, "2026-12-31".
type Date string

const (
	// MaxHolidays bounds the list.
	MaxHolidays = 40
	// maxHoliday bounds one of them, in days.
	maxHoliday = 366
	// maxAhead is in days: longer than any holiday and lookAhead behind it.
	maxAhead = 800
)

func checkHolidays(list []Holiday) error {
	if len(list) > MaxHolidays {
		return fmt.Errorf("more than %d holidays", MaxHolidays)
	}
	for _, h := range list {
		from, err := time.Parse(time.DateOnly, string(h.From))
		to, err2 := time.Parse(time.DateOnly, string(h.To))
		if err != nil || err2 != nil || to.Before(from) || to.Sub(from) >= maxHoliday*24*time.Hour {
			return fmt.Errorf("no holiday of a year at most: %s to %s", h.From, h.To)
		}
	}
	return nil
}

// holiday tells whether a moment, in the hours' zone, is on a day off.
func (h Hours) holiday(local time.Time) bool {
	day := Date(local.Format(time.DateOnly))
	for _, d := range h.Holidays {
		if d.From <= day && day <= d.To {
			return true
		}
	}
	return false
}

// String writes a holiday as "2026-12-31" or "2026-12-31..2027-01-08".
func (h Holiday) String() string {
	if h.From == h.To {
		return string(h.From)
	}
	return string(h.From) + ".." + string(h.To)
}
