package httpapi

import (
	"context"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/console"
	"leadline/backend/onlinechat"
)

// The field of the CRM's cards that holds a site's ids of people (VIS-3).

type externalBody struct {
	// Now is the field that is chosen, in words; empty for none.
	Now string
	// Groups are the fields to choose from, by kind of card; Unread: the CRM did not tell.
	Groups []fieldGroup
	Unread bool
}

type fieldGroup struct {
	Title   string
	Options []formOption
}

// fieldName says which field it is: "contact: Client id"; "" for none.
func (s *Server) fieldName(c *gin.Context, f onlinechat.CardField) string {
	if f.Kind == "" {
		return ""
	}
	return s.text(c, "chats.external."+string(f.Kind), nil) + ": " + f.Name
}

func fieldValue(f onlinechat.CardField) string {
	if f.Kind == "" {
		return ""
	}
	return string(f.Kind) + "." + strconv.FormatInt(f.ID, 10)
}

// externalBody reads the fields from the CRM, for those who may choose; a page can do
// without them.
func (s *Server) externalBody(c *gin.Context, one onlinechat.Place) externalBody {
	p := placeOf(c)
	b := externalBody{Now: s.fieldName(c, one.ExternalID)}
	if !p.who.Admin {
		return b
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), placesTime)
	defer cancel()
	list, err := s.OnlineChats.ExternalIDFields(ctx, p.account.ID)
	if err != nil {
		b.Unread = true
		return b
	}
	for _, kind := range []onlinechat.CardKind{onlinechat.LeadCard, onlinechat.ContactCard, onlinechat.CustomerCard} {
		g := fieldGroup{Title: s.text(c, "chats.external."+string(kind), nil)}
		for _, f := range list {
			if f.Kind == kind {
				g.Options = append(g.Options, formOption{fieldValue(f), f.Name, f.Kind == one.ExternalID.Kind && f.ID == one.ExternalID.ID})
			}
		}
		if len(g.Options) > 0 {
			b.Groups = append(b.Groups, g)
		}
	}
	return b
}

// consoleExternalID chooses the field, or none.
func (s *Server) consoleExternalID(c *gin.Context) {
	p := placeOf(c)
	one, err := s.chatOf(c, p)
	if err != nil {
		s.fail(c, err)
		return
	}
	kind, number, _ := strings.Cut(c.Request.PostForm.Get("field"), ".")
	id, _ := strconv.ParseInt(number, 10, 64) // 0 is no field of any card
	ctx, cancel := consoleContext(c)
	defer cancel()
	err = s.Console.Do(ctx, p.entry(console.SetExternalID, one.Name), func(ctx context.Context) error {
		return crmTrouble(s.OnlineChats.SetExternalIDField(ctx, p.account.ID, one.ID, onlinechat.CardKind(kind), id))
	})
	if err != nil {
		s.showChat(c, statusOf(err), one, err, func(*chatBody) {})
		return
	}
	s.saved(c, p, one.ID, console.SetExternalID)
}
