package app

import (
	"context"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"leadline/backend/config"
	"leadline/backend/i18n"
)

// post is a mail as a mail server takes it (RFC 5321).
type post struct{ from, to, data string }

// mailServer takes one mail.
func mailServer(t *testing.T) (addr string, got <-chan post) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	mails := make(chan post, 1)
	go func() {
		defer close(mails)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		c := textproto.NewConn(conn)
		var p post
		say := func(line string) { _ = c.PrintfLine("%s", line) }
		say("220 mail.example.org ready")
		for {
			line, err := c.ReadLine()
			if err != nil {
				return
			}
			verb, rest, _ := strings.Cut(line, ":")
			switch strings.ToUpper(verb) {
			case "MAIL FROM":
				p.from = rest
				say("250 ok")
			case "RCPT TO":
				p.to = rest
				say("250 ok")
			case "DATA":
				say("354 go on")
				data, err := io.ReadAll(c.DotReader())
				if err != nil {
					return
				}
				p.data = string(data)
				mails <- p
				say("250 taken")
			case "QUIT":
				say("221 bye")
				return
			default: // EHLO
				say("250 mail.example.org")
			}
		}
	}()
	return l.Addr().String(), mails
}

// TestMailsBySMTP: each mail goes out in its reader's language with its own link,
// and the link is not in the log.
func TestMailsBySMTP(t *testing.T) {
	t.Parallel()
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []struct {
		name, path string
		send       func(m *mailer, ctx context.Context, to, locale, token string) error
	}{
		{"verify", "/verify-email#t.o.ken", (*mailer).SendVerification},
		{"reset", "/reset-password#t.o.ken", (*mailer).SendReset},
	} {
		subjects := map[string]string{}
		for _, lang := range languages {
			addr, got := mailServer(t)
			logs := &syncBuffer{}
			m := newMailer(config.Config{AppURL: appURL, SMTP: config.SMTP{Addr: addr, From: "Leadline <leadline@example.org>"}}, texts, slog.New(slog.NewTextHandler(logs, nil)))
			if err := kind.send(m, t.Context(), "anna@example.org", lang, "t.o.ken"); err != nil {
				t.Fatal(err)
			}
			p := <-got
			if !strings.HasPrefix(p.from, "<leadline@example.org>") || p.to != "<anna@example.org>" {
				t.Errorf("%s %s: from %s to %s", kind.name, lang, p.from, p.to)
			}
			msg, err := mail.ReadMessage(strings.NewReader(p.data))
			if err != nil {
				t.Fatalf("%s %s: %v\n%s", kind.name, lang, err, p.data)
			}
			body, err := io.ReadAll(msg.Body)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(body), appURL+kind.path+"\n"); n != 1 {
				t.Errorf("%s %s: the link stands %d times in\n%s", kind.name, lang, n, body)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
			if err != nil || !strings.Contains(subject, "Leadline") {
				t.Errorf("%s %s: subject %q, %v", kind.name, lang, subject, err)
			}
			if other, twice := subjects[subject]; twice {
				t.Errorf("%s: %s and %s have one subject %q", kind.name, lang, other, subject)
			}
			subjects[subject] = lang
			if logs.String() != "" {
				t.Errorf("%s %s: logged %s", kind.name, lang, logs.String())
			}
		}
	}
}

// TestMailsWithoutAServer: the demo shows the link in its log.
func TestMailsWithoutAServer(t *testing.T) {
	t.Parallel()
	logs := &syncBuffer{}
	m := newMailer(config.Config{AppURL: appURL}, nil, slog.New(slog.NewTextHandler(logs, nil)))
	if err := m.SendReset(t.Context(), "anna@example.org", "en", "t.o.ken"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(logs.String(), "link="+appURL+"/reset-password#t.o.ken") {
		t.Errorf("logged %s, want the link", logs.String())
	}
}

// TestTransferMailIsSure: design.md §4. No account changes hands while its owner cannot
// be told, so that a mail that was not sent is not taken for one.
func TestTransferMailIsSure(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	_ = l.Close()
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	m := newMailer(config.Config{SMTP: config.SMTP{Addr: nobody, From: "leadline@example.test"}}, texts, slog.New(slog.DiscardHandler))
	if err := m.SendTransfer(t.Context(), "owner@example.test", "en", "/console/x", "Shop", "a***@b***.test", time.Now()); err == nil {
		t.Error("a mail that no server took counts as sent")
	}
}
