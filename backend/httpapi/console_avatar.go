package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"leadline/backend/console"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/media"
	"leadline/backend/onlinechat"
)

// The picture of a chat.

const (
	// maxAvatarBytes is what media.Service.ForAvatars takes.
	maxAvatarBytes = 2 << 20
	maxAvatarForm  = maxAvatarBytes + 64<<10
)

// multipart reads a form with a file, before what looks at its fields.
func (s *Server) multipart(c *gin.Context) {
	err := c.Request.ParseMultipartForm(maxAvatarForm)
	if err != nil {
		if !isTooLarge(err) {
			err = fault.Wrap(fault.Invalid, "invalid_request", err)
		}
		s.fail(c, err)
	}
}

// consoleAvatar takes a picture in and makes it the chat's.
func (s *Server) consoleAvatar(c *gin.Context) {
	s.changeButton(c, console.SetAvatar, "", func(ctx context.Context, b onlinechat.Button) error {
		header, err := c.FormFile("picture")
		if err != nil {
			return fault.Wrap(fault.Invalid, "file_empty", err)
		}
		file, err := header.Open()
		if err != nil {
			return fault.Wrap(fault.Invalid, "file_broken", err)
		}
		defer func() { _ = file.Close() }()
		item, err := s.Media.ForAvatars().Accept(ctx, file, media.Incoming{Name: header.Filename})
		if err != nil {
			return err
		}
		f, err := s.Conversations.KeepPicture(ctx, b.Account, conversation.File{
			Key: string(item.Key), Kind: string(item.Kind), Name: item.Name, Type: item.Type, Bytes: item.Size, Width: item.Width, Height: item.Height,
		})
		if err == nil {
			look := b.Look
			look.Avatar = f.ID
			err = s.OnlineChats.SetLook(ctx, b.Account, b.Key, look)
		}
		if err != nil {
			return errors.Join(err, s.forget(ctx, f, item))
		}
		return s.dropPicture(ctx, b)
	}, func(body *buttonBody, err error) bool {
		said := statusOf(err) == http.StatusUnprocessableEntity || statusOf(err) == http.StatusRequestEntityTooLarge
		if said {
			_, answer := s.explain(c, err)
			body.PictureError = answer.Error.Message
		}
		return said
	})
}

// consoleDropAvatar takes the chat's picture away.
func (s *Server) consoleDropAvatar(c *gin.Context) {
	s.changeButton(c, console.SetAvatar, "", func(ctx context.Context, b onlinechat.Button) error {
		look := b.Look
		look.Avatar = ""
		if err := s.OnlineChats.SetLook(ctx, b.Account, b.Key, look); err != nil {
			return err
		}
		return s.dropPicture(ctx, b)
	}, nil)
}

// dropPicture removes the picture that a button had; one that is gone is no error.
func (s *Server) dropPicture(ctx context.Context, b onlinechat.Button) error {
	if b.Look.Avatar == "" {
		return nil
	}
	f, err := s.Conversations.File(ctx, b.Account, b.Look.Avatar)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	}
	return s.forget(ctx, f, media.Item{Key: media.Key(f.Key)})
}

// forget removes a picture that nobody needs: first what is known of it.
func (s *Server) forget(ctx context.Context, f conversation.File, item media.Item) error {
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	if f.ID != "" {
		if err := s.Conversations.DropFile(clean, f.ID); err != nil {
			return err
		}
	}
	return s.Media.Discard(clean, item)
}
