package app

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/config"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// maxThreadBytes bounds one line of a history file.
const maxThreadBytes = 8 << 20

// Thread is one line of a history file: all that one visitor and the company said.
type Thread struct {
	// Visitor is who spoke; its id is the site's own, the sub of signed tokens,
	// so that the visitor finds the history when signed in.
	Visitor struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Phone string `json:"phone"`
		Email string `json:"email"`
	} `json:"visitor"`
	Messages []struct {
		// ID is any text that is unique in the thread; a repeated import of it changes
		// nothing.
		ID string    `json:"id"`
		At time.Time `json:"at"`
		// From is "visitor" or "company". Operator is the chats service's id of the
		// person who answered, Name what they are called; without an operator the
		// channel's bot speaks.
		From     string `json:"from"`
		Operator string `json:"operator"`
		Name     string `json:"name"`
		Text     string `json:"text"`
	} `json:"messages"`
}

// Imported tells what an import did.
type Imported struct{ Threads, Messages int }

// ImportHistory stores threads, one JSON object a line, in the account's online
// chat whose name or id is chat, or in its first one. The server delivers them:
// oldest first, with one lead and notification a thread, or with none when silent
// (C §3.4.8). It may run beside the server, and repeating it is harmless. An error
// names the line; what stands before it was stored.
func ImportHistory(ctx context.Context, cfg config.Config, log *slog.Logger, number int64, chat string, silent bool, lines io.Reader) (Imported, error) {
	p, err := OpenParking(ctx, cfg, log, number)
	if err != nil {
		return Imported{}, err
	}
	done, err := p.importHistory(ctx, chat, silent, lines)
	return done, errors.Join(err, p.Close())
}

func (p *Parking) importHistory(ctx context.Context, name string, silent bool, lines io.Reader) (done Imported, err error) {
	chats, err := p.app.store.OnlineChats().Chats(ctx, p.account.ID)
	if err != nil {
		return done, err
	}
	who := conversation.Who{Account: p.account.ID}
	source := ""
	for _, c := range chats {
		if name == "" || c.Name == name || string(c.ID) == name {
			who.Chat, source = c.ID, c.SourceExternalID
			break
		}
	}
	if who.Chat == "" {
		return done, fault.Wrap(fault.NotFound, "not_found", errors.New("the account has no such online chat"))
	}
	service := conversation.NewService(p.app.store.Conversations(), nobody{}, publisher{p.app.hub}, newID, time.Now)
	scan := bufio.NewScanner(lines)
	scan.Buffer(make([]byte, 0, 64<<10), maxThreadBytes)
	for n := 1; scan.Scan(); n++ {
		if len(scan.Bytes()) == 0 {
			continue
		}
		count, err := importThread(ctx, service, who, source, silent, scan.Bytes())
		if err != nil {
			return done, fmt.Errorf("line %d: %w", n, err)
		}
		done.Threads++
		done.Messages += count
	}
	return done, scan.Err()
}

func importThread(ctx context.Context, s *conversation.Service, who conversation.Who, source string, silent bool, line []byte) (int, error) {
	var t Thread
	if err := json.Unmarshal(line, &t); err != nil {
		return 0, fmt.Errorf("no thread: %w", err)
	}
	v := t.Visitor
	if v.ID == "" || len(v.ID) > 128 {
		return 0, errors.New("the visitor needs an id of at most 128 bytes")
	}
	who.Proven = conversation.Proven{ExternalID: v.ID, Name: v.Name, Phone: conversation.Phone(v.Phone), Email: v.Email}
	var err error
	if who.Visitor, err = s.Identify(ctx, who.Account, who.Chat, v.ID, ""); err != nil {
		return 0, err
	}
	list := make([]conversation.Imported, len(t.Messages))
	for i, m := range t.Messages {
		if m.ID == "" {
			return 0, fmt.Errorf("message %d has no id", i+1)
		}
		one := conversation.Imported{
			ClientID: importID(v.ID, m.ID), At: m.At.UnixMilli(), Direction: conversation.Inbound, Text: m.Text,
			AuthorRef: chatid.UserRef(m.Operator), AuthorName: m.Name,
		}
		switch m.From {
		case "visitor":
			one.AuthorRef, one.AuthorName = "", ""
		case "company":
			one.Direction = conversation.Outbound
		default:
			return 0, fmt.Errorf("message %q is from %q, want visitor or company", m.ID, m.From)
		}
		list[i] = one
	}
	return len(list), s.Import(ctx, who, conversation.Visitor{}, source, list, silent)
}

// importID makes the client id of an imported message, a UUID of version 8.
func importID(visitor, message string) chatid.ClientID {
	b := sha256.Sum256([]byte("import\n" + visitor + "\n" + message))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return chatid.ClientID(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16]))
}

// nobody takes no lanes: the server, or a later one, delivers.
type nobody struct{}

func (nobody) Take(outbox.Claim, outbox.Job) {}
func (nobody) Lease() time.Duration          { return 0 }
