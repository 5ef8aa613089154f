package httpapi

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// How a chat learns who its visitors are (O §7, design.md §10).

type identityBody struct {
	Mode   string
	Chosen bool
	// ByClaim: an unproven user id opens history; said for as long as it is so.
	ByClaim bool
	ShortID *moment
	Keys    []keyRow
	// Room tells whether another secret, or another public key, may be added.
	RoomSecret, RoomKey bool
	// Secret was made just now, and is not shown again.
	Secret *onlinechat.IdentityKey
	// What was typed, and what is wrong with it.
	KeyName, Key, KeyError string
}

type keyRow struct {
	ID, Alg string
	Secret  bool
	Since   moment
}

// identityModes in the order of how much they protect.
var identityModes = []onlinechat.IdentityMode{onlinechat.Signed, onlinechat.Optional, onlinechat.Vendor}

// Modes lists them for the template.
func (identityBody) Modes() []onlinechat.IdentityMode { return identityModes }

func identityOf(i onlinechat.Identity) identityBody {
	b := identityBody{Mode: string(i.Mode), Chosen: i.Chosen, ByClaim: i.Mode == onlinechat.Vendor}
	if b.ByClaim && !i.ShortIDAt.IsZero() {
		b.ShortID = &moment{i.ShortIDAt}
	}
	secrets, keys := 0, 0
	for _, k := range i.Keys {
		b.Keys = append(b.Keys, keyRow{k.ID, k.Alg, k.Secret(), moment{k.CreatedAt}})
		if k.Secret() {
			secrets++
		} else {
			keys++
		}
	}
	b.RoomSecret, b.RoomKey = secrets < onlinechat.MaxIdentityKeys, keys < onlinechat.MaxIdentityKeys
	return b
}

// consoleIdentityMode chooses what opens history.
func (s *Server) consoleIdentityMode(c *gin.Context) {
	mode := onlinechat.IdentityMode(c.Request.PostForm.Get("mode"))
	s.changeIdentity(c, console.SetIdentityMode, string(mode), func(ctx context.Context, chat chatid.ChatID) error {
		return s.OnlineChats.SetIdentityMode(ctx, chat, mode)
	}, nil)
}

// consoleIdentitySecret makes a secret, which the answer alone shows.
func (s *Server) consoleIdentitySecret(c *gin.Context) {
	p := placeOf(c)
	one, err := s.chatOf(c, p)
	if err != nil {
		s.fail(c, err)
		return
	}
	var made onlinechat.IdentityKey
	ctx, cancel := consoleContext(c)
	defer cancel()
	err = s.Console.Do(ctx, p.entry(console.AddIdentityKey, one.Name+": "+onlinechat.SecretAlg), func(ctx context.Context) (err error) {
		made, err = s.OnlineChats.NewIdentitySecret(ctx, one.ID)
		return err
	})
	if err != nil {
		s.showChat(c, statusOf(err), one, err, func(*chatBody) {})
		return
	}
	s.showChat(c, http.StatusOK, one, nil, func(b *chatBody) { b.Identity.Secret = &made })
}

// consoleIdentityKey adds a public key.
func (s *Server) consoleIdentityKey(c *gin.Context) {
	form := c.Request.PostForm
	name, text := form.Get("kid"), form.Get("key")
	s.changeIdentity(c, console.AddIdentityKey, name, func(ctx context.Context, chat chatid.ChatID) error {
		alg, public, err := auth.ParseUserKey(text)
		if err != nil {
			return err
		}
		_, err = s.OnlineChats.AddIdentityKey(ctx, chat, name, alg, public)
		if isInvalid(err) {
			err = fault.Wrap(fault.Invalid, "identity_key_name", err)
		}
		return err
	}, func(b *identityBody, err error) {
		b.KeyName, b.Key = name, text
		if fault.CodeOf(err) == "identity_key_private" {
			b.Key = "" // nobody's page is to carry it
		}
		_, body := s.explain(c, err)
		b.KeyError = body.Error.Message
	})
}

// consoleIdentityDrop ends what was signed with a key.
func (s *Server) consoleIdentityDrop(c *gin.Context) {
	id := c.Request.PostForm.Get("kid")
	s.changeIdentity(c, console.DropIdentityKey, id, func(ctx context.Context, chat chatid.ChatID) error {
		return s.OnlineChats.DropIdentityKey(ctx, chat, id)
	}, nil)
}

// changeIdentity does an act to the chat of the path; wrong puts back what was typed
// and says what is wrong with it.
func (s *Server) changeIdentity(c *gin.Context, act console.Act, subject string, do func(context.Context, chatid.ChatID) error, wrong func(*identityBody, error)) {
	p := placeOf(c)
	one, err := s.chatOf(c, p)
	if err != nil {
		s.fail(c, err)
		return
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	err = s.Console.Do(ctx, p.entry(act, one.Name+": "+subject), func(ctx context.Context) error { return do(ctx, one.ID) })
	switch {
	case err == nil:
		s.saved(c, p, one.ID, act)
	case wrong != nil && fault.KindOf(err) != fault.Internal:
		s.showChat(c, statusOf(err), one, nil, func(b *chatBody) { wrong(&b.Identity, err) })
	default:
		s.showChat(c, statusOf(err), one, err, func(*chatBody) {})
	}
}
