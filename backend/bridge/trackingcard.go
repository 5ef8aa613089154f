package bridge

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"leadline/backend/amocrm"
	"leadline/backend/conversation"
)

// tracked lists what a browser's tracking data put into the statistics fields of
// the lead (TRK-4). Codes are compared in any case (TRK-1).
func (m *MetaCard) tracked(ctx context.Context, t *CardTask, seen conversation.Tracking) ([]wish, error) {
	values := seen.Fields()
	if len(values) == 0 {
		return nil, nil
	}
	known, err := m.Fields.Of(ctx, t.Account, amocrm.EntityLead, fieldsKept)
	if err != nil {
		return nil, err
	}
	var out []wish
	for _, code := range conversation.TrackingCodes {
		value := oneLine(values[code], maxCardText)
		mark := markOf("track", code)
		if value == "" || t.Did(mark) {
			continue
		}
		i := slices.IndexFunc(known, func(f amocrm.Field) bool {
			return f.Type == amocrm.FieldTrackingData && strings.EqualFold(f.Code, code)
		})
		if i < 0 {
			continue // not every account has all of them
		}
		out = append(out, wish{code, mark, amocrm.CardChange{Fields: []amocrm.FieldValues{{ID: known[i].ID, Values: []amocrm.FieldValue{{Value: value}}}}}})
	}
	return out, nil
}

// trackingNote tells operators once from which page the visitor writes and where
// they came from (TRK-4). Never the address of their computer (TRK-5).
func (m *MetaCard) trackingNote(ctx context.Context, t *CardTask, seen conversation.Tracking) error {
	var lines []string
	add := func(key, value string) {
		if value != "" {
			lines = append(lines, m.Texts(m.language(t), key, map[string]any{"Value": value}))
		}
	}
	add("note.page", strings.TrimSpace(oneLine(seen.Title, maxCardText)+" "+pageAddress(seen.Page)))
	add("note.landing", pageAddress(seen.Landing))
	add("note.referrer", pageAddress(seen.Referrer()))
	add("note.pixel", oneLine(seen.VisitorUID, maxCardText))
	if len(lines) == 0 {
		return nil
	}
	text := m.Texts(m.language(t), "note.from_site", map[string]any{"Text": strings.Join(lines, "\n")})
	return m.Desk.NoteOnce(ctx, t, amocrm.EntityLead, "tracking", text)
}

// pageAddress is an address of the web, or empty.
func pageAddress(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return oneLine(u.String(), 1000)
}
