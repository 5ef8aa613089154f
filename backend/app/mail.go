package app

import (
	"context"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/mail"
	"net/smtp"
	"strings"
	"time"

	"leadline/backend/config"
	"leadline/backend/i18n"
)

// mailer sends by SMTP, or prints to the log where no server is set: that is
// how the demo shows the link.
type mailer struct {
	smtp   config.SMTP
	appURL string
	texts  *i18n.Catalog
	log    *slog.Logger
}

func newMailer(cfg config.Config, texts *i18n.Catalog, log *slog.Logger) *mailer {
	return &mailer{smtp: cfg.SMTP, appURL: cfg.AppURL, texts: texts, log: log}
}

// SendVerification sends the link that proves an address.
func (m *mailer) SendVerification(_ context.Context, to, locale, token string) error {
	m.sendLink("verify", to, locale, "/verify-email#"+token, "")
	return nil
}

// SendReset sends the link by which a forgotten password is replaced.
func (m *mailer) SendReset(_ context.Context, to, locale, token string) error {
	m.sendLink("reset", to, locale, "/reset-password#"+token, "")
	return nil
}

// SendInvite sends the link by which somebody joins a team.
func (m *mailer) SendInvite(_ context.Context, to, locale, token, by string) error {
	m.sendLink("invite", to, locale, "/join#"+token, by)
	return nil
}

// mailTime bounds the wait for the mail server where somebody must know the end.
const mailTime = 20 * time.Second

// SendTransfer tells the owner of an account that somebody asks for it. No account
// changes hands without the mail, so that its error is told.
func (m *mailer) SendTransfer(ctx context.Context, to, locale, path, account, by string, at time.Time) error {
	end := m.sendMail("transfer", to, locale, m.appURL+path, map[string]any{"By": by, "Account": account, "At": at.UTC().Format("2006-01-02 15:04 UTC")})
	ctx, cancel := context.WithTimeout(ctx, mailTime)
	defer cancel()
	select {
	case err := <-end:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sendLink sends the mail with the texts mail.<kind>; by is who wants it, where that
// is somebody else. The token stands in the link's fragment, which browsers send to
// nobody.
func (m *mailer) sendLink(kind, to, locale, path, by string) {
	m.sendMail(kind, to, locale, m.appURL+path, map[string]any{"By": by})
}

// sendMail sends the mail with the texts mail.<kind>, whose placeholders are those of
// args, and Link. The end is told to who waits for it.
func (m *mailer) sendMail(kind, to, locale, link string, args map[string]any) <-chan error {
	end := make(chan error, 1)
	args["Link"] = link
	if m.smtp.Addr == "" {
		m.log.Warn("no mail server is set: open the link that would have been mailed", "mail", kind, "to", to, "link", link)
		end <- nil
		return end
	}
	words := m.texts.Localizer("", locale)
	// In the background: how long a mail server takes must not tell whether the
	// address is known. A mail that is lost is asked for again by the same form.
	go func() {
		err := m.send(to, words.Text("mail."+kind+".subject", nil), words.Text("mail."+kind+".body", args))
		if err != nil {
			m.log.Error("mail not sent", "mail", kind, "error", err)
		}
		end <- err
	}()
	return end
}

func (m *mailer) send(to, subject, body string) error {
	from, err := mail.ParseAddress(m.smtp.From)
	if err != nil {
		return fmt.Errorf("sender address of mails: %w", err)
	}
	var b strings.Builder
	for _, h := range [][2]string{
		{"From", from.String()}, {"To", (&mail.Address{Address: to}).String()},
		{"Subject", mime.QEncoding.Encode("utf-8", subject)}, {"Date", time.Now().Format(time.RFC1123Z)},
		{"MIME-Version", "1.0"}, {"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "8bit"},
	} {
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	b.WriteString("\r\n" + strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\n", "\r\n") + "\r\n")
	var login smtp.Auth
	if m.smtp.User != "" {
		host, _, err := net.SplitHostPort(m.smtp.Addr)
		if err != nil {
			return fmt.Errorf("mail server address: %w", err)
		}
		login = smtp.PlainAuth("", m.smtp.User, m.smtp.Password, host)
	}
	if err := smtp.SendMail(m.smtp.Addr, login, from.Address, []string{to}, []byte(b.String())); err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}
