package amojo

// What a hook's markup may hold at most. The documentation allows a list 10
// sections of 10 rows and says nothing of a keyboard; what is beyond is left out.
const (
	MaxButtons = 100 // of one keyboard, in all rows
	MaxRows    = 200 // of one list, in all sections
)

// Markup is a keyboard or a list under a message; exactly one of the two is set.
type Markup struct {
	Mode    string // "inline" for integrations
	Buttons [][]Button
	List    *ListMessage
}

// Button opens URL, or, without one, answers with its own text. Text is never "".
// URL is as it came: whether it may be opened is for the one who shows it.
type Button struct{ Text, URL string }

// ListMessage is a list to choose one row from; the row's CallbackData goes back
// with the visitor's answer.
type ListMessage struct {
	Header, Body, Footer, Button string
	Sections                     []ListSection
}

// ListSection is a titled group of rows.
type ListSection struct {
	Title string
	Rows  []ListRow
}

// ListRow is one choice; a row has a title and something to send back.
type ListRow struct{ CallbackData, Title, Description string }

type wireMarkup struct {
	Mode    text `json:"mode"`
	Buttons list[list[object[struct {
		Text text `json:"text"`
		URL  text `json:"url"`
	}]]] `json:"buttons"`
	List object[struct {
		Header   text `json:"header"`
		Body     text `json:"body"`
		Footer   text `json:"footer"`
		Button   text `json:"button"`
		Sections list[object[struct {
			Title text `json:"title"`
			Rows  list[object[struct {
				CallbackData text `json:"callback_data"`
				Title        text `json:"title"`
				Description  text `json:"description"`
			}]] `json:"rows"`
		}]] `json:"sections"`
	}] `json:"list_message"`
}

// markup gives nil when there is neither a button nor a list. A list comes
// without keyboard (C §4.3) and wins.
func (w wireMarkup) markup() *Markup {
	if w.List.Set {
		return &Markup{List: w.list()}
	}
	m := Markup{Mode: string(id(w.Mode))}
	left := MaxButtons
	for _, row := range w.Buttons {
		var buttons []Button
		for _, b := range row {
			button := Button{short(b.V.Text), link(b.V.URL)}
			// Without its overlong address it would answer instead of open.
			if button.Text == "" || b.V.URL != "" && button.URL == "" || left == 0 {
				continue
			}
			buttons = append(buttons, button)
			left--
		}
		if buttons != nil {
			m.Buttons = append(m.Buttons, buttons)
		}
	}
	if m.Buttons == nil {
		return nil
	}
	return &m
}

func (w wireMarkup) list() *ListMessage {
	l := w.List.V
	out := ListMessage{Header: short(l.Header), Body: string(l.Body), Footer: short(l.Footer), Button: short(l.Button)}
	left := MaxRows
	for _, s := range l.Sections {
		section := ListSection{Title: short(s.V.Title)}
		for _, r := range s.V.Rows {
			// A cut callback would be another row's.
			if row := (ListRow{bounded(r.V.CallbackData), short(r.V.Title), short(r.V.Description)}); row.CallbackData != "" && row.Title != "" && left > 0 {
				section.Rows = append(section.Rows, row)
				left--
			}
		}
		if section.Rows != nil {
			out.Sections = append(out.Sections, section)
		}
	}
	return &out
}
