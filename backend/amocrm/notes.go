package amocrm

import (
	"context"
	"net/http"
	"time"

	"leadline/backend/chatid"
)

// NoteCommon is the type of notes that people write.
const NoteCommon = "common"

// Note is an entry of a card's feed.
type Note struct {
	ID        int64
	Type      string
	Text      string
	CreatedBy chatid.CRMUserID
	CreatedAt time.Time
}

// AddNote writes a common note into a card's feed. A repeat writes another one.
func (c *Client) AddNote(ctx context.Context, at Address, access string, e Entity, id int64, text string) (note int64, err error) {
	const op = "add note"
	type params struct {
		Text string `json:"text"`
	}
	type item struct {
		Type   string `json:"note_type"`
		Params params `json:"params"`
	}
	r := request{op: op, method: http.MethodPost, path: below("/api/v4/"+string(e), id) + "/notes", body: []item{{NoteCommon, params{text}}}}
	made, _, err := list[wireID[int64]](ctx, c, at, access, "notes", r)
	switch {
	case err != nil:
		return 0, err
	case len(made) != 1 || made[0].ID <= 0:
		return 0, errEmpty(op, "note")
	}
	return made[0].ID, nil
}

// Notes reads the latest MaxPage common notes of a card, the newest first.
func (c *Client) Notes(ctx context.Context, at Address, access string, e Entity, id int64) ([]Note, error) {
	type wire struct {
		ID        int64            `json:"id"`
		Type      string           `json:"note_type"`
		CreatedBy chatid.CRMUserID `json:"created_by"`
		CreatedAt int64            `json:"created_at"`
		Params    struct {
			Text string `json:"text"`
		} `json:"params"`
	}
	r := get("list notes", below("/api/v4/"+string(e), id)+"/notes", "").page(1, MaxPage)
	r.query.Set("filter[note_type]", NoteCommon)
	r.query.Set("order[id]", "desc")
	items, _, err := list[wire](ctx, c, at, access, "notes", r)
	return convert(items, err, func(w wire) Note {
		return Note{ID: w.ID, Type: w.Type, Text: w.Params.Text, CreatedBy: w.CreatedBy, CreatedAt: unix(w.CreatedAt)}
	})
}
