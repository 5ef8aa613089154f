package httpapi

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// Warnings to a site's developer.
const (
	userIDShort    = "user_id_short"
	userIDUnproven = "user_id_unproven"
)

// maxSeen bounds how many people a device remembers that it was used by.
const maxSeen = 8

// recognise finds out who opens a session by the table of ADR 11: what the site's
// server proves counts, and what the page claims as far as the chat's mode lets it;
// else it is whom the device's own token names, or somebody new. No person gets
// what another one left on the device. warning is a code, or empty.
func (s *Server) recognise(ctx context.Context, chat onlinechat.Chat, through auth.Entrance, in sessionBody) (v auth.Visitor, warning string, err error) {
	fresh := auth.Visitor{Account: chat.Account, Chat: chat.ID, Visitor: chatid.VisitorID(s.NewID()), Through: through}
	device, owner := fresh, ""
	if v, err := s.Tokens.ReadVisitor(in.Token); err == nil && v.Account == chat.Account && v.Chat == chat.ID {
		v.Through = through
		device, owner = v, v.Claim
		if v.Proven.UserID != "" {
			owner = mark(chat.ID, v.Proven.UserID)
		}
	}
	claimed := strings.TrimSpace(in.UserID)
	if claimed == "" && in.UserToken == "" && owner == "" {
		return device, "", nil
	}
	if fresh.Seen = device.Seen; owner != "" {
		fresh.Seen = remember(device.Seen, owner)
	}
	identity, err := s.OnlineChats.Identity(ctx, chat.ID)
	if err != nil {
		return fresh, "", err
	}
	proven, warning, err := s.proven(ctx, chat.ID, identity, through.Button, claimed, in.UserToken)
	if err != nil {
		return fresh, "", err
	}
	person := ""
	if id := cmp.Or(proven.UserID, claimed); id != "" {
		person = mark(chat.ID, id)
	}
	// What was written before anybody was named goes to the first one who is.
	joins := owner == "" && !strings.Contains(device.Seen, person+" ")
	switch {
	case proven.UserID != "":
		from := fresh.Visitor
		if joins || owner == person {
			from = device.Visitor
		}
		fresh.Proven = proven
		if owner == person {
			fresh.Seen = device.Seen
		}
		fresh.Visitor, err = s.Conversations.Identify(ctx, chat.Account, chat.ID, proven.UserID, from)
		return fresh, warning, err
	case owner == person && (device.Proven.UserID == "" || identity.Mode != onlinechat.Signed):
		return device, warning, nil
	case joins && person != "":
		device.Claim = person
		return device, warning, nil
	}
	fresh.Claim = person
	return fresh, warning, nil
}

// proven gives the person whose history may be opened anywhere: of a user token, or
// in the vendor's mode of a claim that nobody can guess. UserID is empty for nobody.
func (s *Server) proven(ctx context.Context, chat chatid.ChatID, of onlinechat.Identity, button chatid.ButtonKey, claimed, token string) (p auth.Proven, warning string, err error) {
	switch {
	case token != "":
		keys := make([]auth.UserKey, len(of.Keys))
		for i, k := range of.Keys {
			keys[i] = auth.UserKey{ID: k.ID, Alg: k.Alg, Material: k.Material}
		}
		p, err = auth.ReadUserToken(token, keys, button, s.Now())
		return p, "", err
	case claimed == "" || of.Mode == onlinechat.Optional:
		return p, "", nil
	case of.Mode == onlinechat.Signed:
		return p, userIDUnproven, nil
	case onlinechat.Unguessable(claimed):
		return auth.Proven{UserID: claimed}, "", nil
	}
	return p, userIDShort, s.OnlineChats.NoteShortID(ctx, chat, of)
}

// mark is a person as tokens remember them: nobody reads the id out of it.
func mark(chat chatid.ChatID, userID string) string {
	sum := sha256.Sum256([]byte("person\n" + string(chat) + "\n" + userID))
	return hex.EncodeToString(sum[:8])
}

// remember puts a person at the end of those whom a device remembers.
func remember(seen, person string) string {
	list := strings.Fields(strings.ReplaceAll(seen, person+" ", "") + person)
	return strings.Join(list[max(0, len(list)-maxSeen):], " ") + " "
}

// streamLife is how long a session may open streams: then the page must show
// again, by a ticket, that it may carry the button.
const streamLife = 24 * time.Hour

// entered checks that a stream's session began by a ticket, lately, on a page that
// may carry the button to this day, and gives that. fault.Unauthenticated token_invalid:
// the panel then begins another session.
func entered(ctx context.Context, chats *onlinechat.Service, e auth.Entrance, now time.Time, appURL, chatURL string) (onlinechat.Button, error) {
	refused := func(why string) (onlinechat.Button, error) {
		return onlinechat.Button{}, fault.Wrap(fault.Unauthenticated, "token_invalid", errors.New(why))
	}
	if e.Button == "" || now.Sub(time.Unix(e.At, 0)) > streamLife {
		return refused("the session has not begun by a ticket of the last day")
	}
	b, err := chats.Button(ctx, e.Button)
	if fault.Is(err, fault.NotFound) || err == nil && !admits(b, e.Origin, appURL, chatURL) {
		return refused("the page may not carry the button any more")
	}
	return b, err
}

// nameless tells whether the visitor may learn no names of operators: so has the owner
// of the button that the session began by (SET-4). Unknown means so, too.
func (s *Server) nameless(c *gin.Context) bool {
	if known, ok := c.Get(keyNameless); ok {
		return known.(bool)
	}
	through, _ := c.Get(keyThrough)
	entrance, _ := through.(auth.Entrance)
	b, err := s.OnlineChats.Button(c.Request.Context(), entrance.Button)
	nameless := err != nil || !b.Look.UseName
	c.Set(keyNameless, nameless)
	return nameless
}
