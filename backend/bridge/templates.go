package bridge

import (
	"context"
	"sync"
	"time"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
)

const (
	// templatesFor is how long a list of templates is given without asking again.
	templatesFor = 5 * time.Minute
	// maxTemplatePages bounds an account's templates, amocrm.MaxTemplatePage each.
	maxTemplatePages = 20
	// maxTemplateLists bounds the accounts that are remembered.
	maxTemplateLists = 500
)

// Template is a text that operators send to chats (C §7.3).
type Template struct {
	Name, Text string
	// Buttons are their texts, row by row.
	Buttons []string
}

// TemplateFile lists the chat templates that our integration made.
type TemplateFile struct {
	cards *CardFile
	now   func() time.Time
	mu    sync.Mutex
	lists map[chatid.AccountID]templateList
}

type templateList struct {
	at   time.Time
	list []Template
}

// NewTemplateFile wires a TemplateFile.
func NewTemplateFile(c *CardFile, now func() time.Time) *TemplateFile {
	return &TemplateFile{cards: c, now: now, lists: map[chatid.AccountID]templateList{}}
}

// Templates lists an account's, as they were within the last templatesFor.
func (f *TemplateFile) Templates(ctx context.Context, a account.Account) ([]Template, error) {
	f.mu.Lock()
	have, ok := f.lists[a.ID]
	f.mu.Unlock()
	if ok && f.now().Sub(have.at).Abs() < templatesFor {
		return have.list, nil
	}
	var list []Template
	for page := 1; page <= maxTemplatePages; page++ {
		got, more, err := f.cards.Templates(ctx, a, page)
		if err != nil {
			return nil, refusal(err)
		}
		for _, t := range got {
			one := Template{Name: t.Name, Text: t.Content}
			for _, b := range t.Buttons {
				one.Buttons = append(one.Buttons, b.Text)
			}
			list = append(list, one)
		}
		if !more {
			break
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.lists) >= maxTemplateLists {
		clear(f.lists)
	}
	f.lists[a.ID] = templateList{f.now(), list}
	return list, nil
}

// Templates reads a page of the account's chat templates, from 1.
func (f *CardFile) Templates(ctx context.Context, a account.Account, page int) (list []amocrm.Template, more bool, err error) {
	err = f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		list, more, err = f.crm.api.Templates(ctx, at, access, "", page)
		return err
	})
	return list, more, err
}
