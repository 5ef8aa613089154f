package amocrm

import (
	"context"
	"net/http"
	"time"
)

// TemplateID names a chat template in API v4.
type TemplateID int64

// Template is a text that operators send to chats (C §7.3). Only those that the
// same integration made are visible.
type Template struct {
	ID TemplateID
	// Name and Content are required. Content may hold Salesbot markers, such as
	// {{contact.name}}.
	Name, Content string
	// ExternalID is ours and comes back in hooks; "" for none.
	ExternalID string
	// Type is "amocrm" or "waba"; "" leaves it to the CRM.
	Type string
	// Editable lets operators change the text before sending.
	Editable bool
	Buttons  []TemplateButton
	// Attachment is nil for none.
	Attachment           *TemplateAttachment
	CreatedAt, UpdatedAt time.Time // of the CRM; not sent
}

// TemplateButton is a button under the message.
type TemplateButton struct {
	Type string `json:"type"` // "inline" or "url"
	Text string `json:"text"`
	URL  string `json:"url,omitempty"` // of "url" only
}

// TemplateAttachment is a file of the CRM's own file service.
type TemplateAttachment struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"` // picture, file, document or video
}

// TemplateChange changes one template; nil fields stay.
type TemplateChange struct {
	ID         TemplateID        `json:"id"`
	Name       *string           `json:"name,omitempty"`
	Content    *string           `json:"content,omitempty"`
	ExternalID *string           `json:"external_id,omitempty"`
	Editable   *bool             `json:"is_editable,omitempty"`
	Buttons    *[]TemplateButton `json:"buttons,omitempty"`
}

type wireTemplate struct {
	ID         TemplateID          `json:"id"`
	Name       string              `json:"name"`
	Content    string              `json:"content"`
	ExternalID string              `json:"external_id"`
	Type       string              `json:"type"`
	Editable   bool                `json:"is_editable"`
	Buttons    []TemplateButton    `json:"buttons"`
	Attachment *TemplateAttachment `json:"attachment"`
	CreatedAt  int64               `json:"created_at"`
	UpdatedAt  int64               `json:"updated_at"`
}

func (w wireTemplate) template() Template {
	return Template{
		ID: w.ID, Name: w.Name, Content: w.Content, ExternalID: w.ExternalID, Type: w.Type, Editable: w.Editable,
		Buttons: w.Buttons, Attachment: w.Attachment, CreatedAt: unix(w.CreatedAt), UpdatedAt: unix(w.UpdatedAt),
	}
}

const templatesPath = "/api/v4/chats/templates"

// Templates lists our templates, MaxTemplatePage at a time, from page 1; with an
// external id only that one. An administrator's token is needed for all of this.
func (c *Client) Templates(ctx context.Context, at Address, access, externalID string, page int) (templates []Template, more bool, err error) {
	r := get("list chat templates", templatesPath, "").page(page, MaxTemplatePage)
	if externalID != "" {
		r.query.Set("filter[external_id]", externalID)
	}
	items, more, err := list[wireTemplate](ctx, c, at, access, "chat_templates", r)
	templates, err = convert(items, err, wireTemplate.template)
	return templates, more, err
}

// Template reads one template; ErrNotFound if it is not there.
func (c *Client) Template(ctx context.Context, at Address, access string, id TemplateID) (Template, error) {
	const op = "read chat template"
	w, err := one[wireTemplate](ctx, c, at, access, get(op, below(templatesPath, id), ""))
	if err == nil && w.ID != id {
		err = errEmpty(op, "template of that id")
	}
	if err != nil {
		return Template{}, err
	}
	return w.template(), nil
}

// CreateTemplates makes templates and gives them with their ids: find them by
// ExternalID. The CRM answers 422 when an account has too many; how many that
// is, is not documented.
func (c *Client) CreateTemplates(ctx context.Context, at Address, access string, list ...Template) ([]Template, error) {
	const op = "create chat templates"
	if err := batch(op, len(list), MaxTemplatePage); err != nil {
		return nil, err
	}
	type item struct {
		Name       string              `json:"name"`
		Content    string              `json:"content"`
		ExternalID string              `json:"external_id,omitempty"`
		Type       string              `json:"type,omitempty"`
		Editable   bool                `json:"is_editable"`
		Buttons    []TemplateButton    `json:"buttons,omitempty"`
		Attachment *TemplateAttachment `json:"attachment,omitempty"`
	}
	body := make([]item, 0, len(list))
	for _, t := range list {
		body = append(body, item{t.Name, t.Content, t.ExternalID, t.Type, t.Editable, t.Buttons, t.Attachment})
	}
	made, err := c.templates(ctx, at, access, request{op: op, method: http.MethodPost, path: templatesPath, body: body})
	if err == nil && len(made) != len(list) {
		return nil, errEmpty(op, "entry for each template")
	}
	return made, err
}

// UpdateTemplates changes templates; WhatsApp's own only while they are drafts.
func (c *Client) UpdateTemplates(ctx context.Context, at Address, access string, changes ...TemplateChange) ([]Template, error) {
	const op = "update chat templates"
	if err := batch(op, len(changes), MaxTemplatePage); err != nil {
		return nil, err
	}
	return c.templates(ctx, at, access, request{op: op, method: http.MethodPatch, path: templatesPath, body: changes})
}

// DeleteTemplate removes one template. One that is not there is no error.
func (c *Client) DeleteTemplate(ctx context.Context, at Address, access string, id TemplateID) error {
	return c.remove(ctx, at, access, "delete chat template", below(templatesPath, id))
}

func (c *Client) templates(ctx context.Context, at Address, access string, r request) ([]Template, error) {
	items, _, err := list[wireTemplate](ctx, c, at, access, "chat_templates", r)
	return convert(items, err, wireTemplate.template)
}
