package amocrm

import (
	"encoding/json"
	"time"
)

// zoneOf reads the time zone of an account: its name, else how far it is ahead of UTC.
func zoneOf(e embedded) *time.Location {
	var w struct {
		Name   string `json:"timezone"`
		Offset string `json:"timezone_offset"` // "+03:00"
	}
	if json.Unmarshal(e["datetime_settings"], &w) != nil {
		return nil
	}
	if w.Name != "" && w.Name != "Local" {
		if l, err := time.LoadLocation(w.Name); err == nil {
			return l
		}
	}
	t, err := time.Parse("-07:00", w.Offset)
	if err != nil {
		return nil
	}
	_, seconds := t.Zone()
	return time.FixedZone("UTC"+w.Offset, seconds)
}
