package httpapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"html/template"
	"image"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"leadline/backend/fault"
	"leadline/backend/media"
)

// Browsers forget a chosen file when the form comes back: when its list of buttons is
// changed, or it could not be saved. So the form carries the picture itself, as small
// as it will be kept; nothing is stored for who never saves.

// cardPictureFields are the fields of a page's form that take a picture.
var cardPictureFields = []string{"picture", "avatar"}

// maxHeldPicture bounds a picture that a form carries, in bytes.
const maxHeldPicture = 4 << 20

// heldPicture is a picture that was chosen and is not saved yet.
type heldPicture struct {
	// Field is the form's; Data is base64, Name what the file was called.
	Field, Data, Name string
}

// errPicture tells of a field whose picture is none, or too big; its cause says which.
type errPicture struct {
	error
	field string
}

func (e errPicture) Unwrap() error { return e.error }

// pictureIn makes small pictures for a field.
func (s *Server) pictureIn(field string) *media.Service {
	if field == "avatar" {
		return s.Media.ForAvatars()
	}
	return s.Media.ForPages()
}

// chosenPicture opens the picture of a field: a file that was chosen now, else the one
// that the form carries; nil where there is none.
func chosenPicture(c *gin.Context, field string) (f io.ReadCloser, name string, err error) {
	file, head, err := c.Request.FormFile(field)
	switch {
	case err == nil && head.Size > 0: // 0 is what browsers send for a field that is left alone
		return file, head.Filename, nil
	case err == nil:
		err = file.Close()
	case errors.Is(err, http.ErrMissingFile):
		err = nil
	}
	held, there := carriedPicture(c, field)
	if err != nil || !there {
		if err != nil {
			err = fault.Wrap(fault.Invalid, "invalid_request", err)
		}
		return nil, "", err
	}
	raw, err := base64.StdEncoding.DecodeString(held.Data)
	if err != nil {
		return nil, "", fault.Wrap(fault.Invalid, "invalid_request", err)
	}
	return io.NopCloser(bytes.NewReader(raw)), held.Name, nil
}

// carriedPicture is the one that the form carries, unless it is to be removed.
func carriedPicture(c *gin.Context, field string) (heldPicture, bool) {
	form := c.Request.PostForm
	held := heldPicture{field, form.Get(field + ".held"), form.Get(field + ".name")}
	return held, held.Data != "" && form.Get("no_"+field) == ""
}

// formPicture stores what is made of the picture of a field; without a key where there
// is none.
func (s *Server) formPicture(ctx context.Context, c *gin.Context, field string) (media.Item, error) {
	f, name, err := chosenPicture(c, field)
	if err != nil || f == nil {
		return media.Item{}, err
	}
	defer func() { _ = f.Close() }()
	item, err := s.pictureIn(field).Accept(ctx, f, media.Incoming{Name: name, Wish: media.Picture})
	return item, pictureError(err, field)
}

func pictureError(err error, field string) error {
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge) {
		return errPicture{err, field}
	}
	return err
}

// heldPictures are those that the form has to carry on. A file that is no picture is
// told of by an errPicture and left out.
func (s *Server) heldPictures(c *gin.Context) (list []heldPicture, err error) {
	for _, field := range cardPictureFields {
		one, ferr := s.held(c, field)
		switch {
		case ferr != nil:
			err = ferr
		case one.Data != "":
			list = append(list, one)
		}
	}
	return list, err
}

func (s *Server) held(c *gin.Context, field string) (heldPicture, error) {
	if file, head, err := c.Request.FormFile(field); err == nil {
		defer func() { _ = file.Close() }()
		if head.Size > 0 {
			info, small, err := s.pictureIn(field).Small(c.Request.Context(), file, media.Incoming{Name: head.Filename, Wish: media.Picture})
			if err == nil && len(small) > maxHeldPicture {
				err = fault.New(fault.TooLarge, "file_too_large").With("Max", maxHeldPicture>>20)
			}
			if err != nil {
				return heldPicture{}, pictureError(err, field)
			}
			return heldPicture{field, base64.StdEncoding.EncodeToString(small), info.Name}, nil
		}
	}
	if one, there := carriedPicture(c, field); there && len(one.Data) <= base64.StdEncoding.EncodedLen(maxHeldPicture) {
		return one, nil
	}
	return heldPicture{}, nil
}

// drawHeld is the picture that a page's form carries, for its preview; nil for none.
func drawHeld(c *gin.Context) *cardPicture {
	held, there := carriedPicture(c, "picture")
	if !there {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(held.Data)
	if err != nil {
		return nil
	}
	size, kind, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil || kind != "jpeg" && kind != "png" {
		return nil
	}
	return &cardPicture{
		URL:  template.URL("data:image/" + kind + ";base64," + base64.StdEncoding.EncodeToString(raw)), //nolint:gosec // a picture, shown to who chose it
		Type: "image/" + kind, Alt: c.Request.PostForm.Get("alt"), Width: size.Width, Height: size.Height,
	}
}

// pictureFields are a field for a picture and, where there is one, the box that removes
// it: saved is whether the page has one.
func (f *cardForm) pictureFields(field, label, hint, remove string, saved bool) (file formField, box []formField) {
	file = formField{Kind: "file", Name: field, Label: f.word(label), Value: pictureTypes, Hint: f.word(hint), Error: f.pictures[field]}
	held := false
	for _, one := range f.held {
		if one.Field == field {
			held = true
			file.Hint = f.s.text(f.c, "cards.held", map[string]any{"Name": one.Name}) + " " + file.Hint
		}
	}
	if saved || held {
		box = []formField{{Kind: "check", Name: "no_" + field, Label: f.word(remove), Checked: !held && f.c.Request.PostForm.Get("no_"+field) != ""}}
	}
	return file, box
}

// keepPictures carries on what was chosen; what is no picture is told beside its field.
func (f *cardForm) keepPictures() {
	if f.c.Request.Method != http.MethodPost {
		return
	}
	var err error
	if f.held, err = f.s.heldPictures(f.c); err == nil {
		return
	}
	if bad, ok := errors.AsType[errPicture](err); ok && f.pictures[bad.field] == "" {
		_, body := f.s.explain(f.c, bad)
		if f.pictures == nil {
			f.pictures = map[string]string{}
		}
		f.pictures[bad.field] = body.Error.Message
	}
}
