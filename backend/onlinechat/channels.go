package onlinechat

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Messenger is the code of a messenger that a button can lead to (EVT-9).
type Messenger string

// Channel is a messenger on a button.
type Channel struct {
	Service Messenger `json:"service"`
	// Link is an address of that messenger, at most MaxLink bytes. It may hold the
	// markers {{visitor_uid}} and {{session_id}} (VIS-5).
	Link string `json:"link"`
}

// Limits of channels.
const (
	MaxChannels = 10
	MaxLink     = 500
)

// messenger is where the links of one lead.
type messenger struct {
	code Messenger
	// hosts of web addresses, subdomains included; schemes of applications.
	hosts, schemes []string
}

// messengers are those of EVT-9 in the order a form offers them, and two that sites of
// the product's countries use as well.
var messengers = []messenger{
	{"whatsapp", []string{"wa.me", "whatsapp.com"}, []string{"whatsapp"}},
	{"telegram", []string{"t.me", "telegram.me", "telegram.dog"}, []string{"tg"}},
	{"viber", []string{"viber.com", "viber.click"}, []string{"viber"}},
	{"facebook", []string{"m.me", "facebook.com", "fb.com", "fb.me", "messenger.com"}, []string{"fb-messenger"}},
	{"instagram", []string{"instagram.com", "ig.me"}, []string{"instagram"}},
	{"instagram_business", []string{"instagram.com", "ig.me"}, []string{"instagram"}},
	{"vk", []string{"vk.me", "vk.com", "vk.ru"}, []string{"vk"}},
	{"skype", []string{"skype.com"}, []string{"skype"}},
	{"apple", []string{"bcrw.apple.com"}, nil},
	{"wechat", []string{"wechat.com", "weixin.qq.com"}, []string{"weixin"}},
	{"line", []string{"line.me", "lin.ee"}, []string{"line"}},
	{"max", []string{"max.ru"}, []string{"max"}},
}

// Messengers lists the codes in the order a form offers them.
func Messengers() []Messenger {
	list := make([]Messenger, len(messengers))
	for i, m := range messengers {
		list[i] = m.code
	}
	return list
}

var (
	phone    = regexp.MustCompile(`^\+?[0-9][0-9 ().-]{5,24}$`)
	nickname = regexp.MustCompile(`^@[A-Za-z0-9_]{3,64}$`)
	markers  = strings.NewReplacer("{{visitor_uid}}", "x", "{{session_id}}", "x")
)

// Link reads what somebody typed as a messenger's address: an address of that
// messenger; for WhatsApp a phone number too, for Telegram a name with an @.
// fault.Invalid "channel_service" or "channel_link".
func (m Messenger) Link(typed string) (string, error) {
	i := slices.IndexFunc(messengers, func(one messenger) bool { return one.code == m })
	if i < 0 {
		return "", fault.New(fault.Invalid, "channel_service")
	}
	typed = strings.TrimSpace(typed)
	switch {
	case m == "whatsapp" && phone.MatchString(typed):
		typed = "https://wa.me/" + strings.Map(digit, typed)
	case m == "telegram" && nickname.MatchString(typed):
		typed = "https://t.me/" + typed[1:]
	}
	refused := fault.New(fault.Invalid, "channel_link")
	if typed == "" || len(typed) > MaxLink || strings.ContainsFunc(typed, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("\"'<>\\^`", r) }) {
		return "", refused
	}
	plain := markers.Replace(typed)
	u, err := url.Parse(plain)
	if err != nil || u.User != nil || strings.ContainsAny(plain, "{}") {
		return "", refused
	}
	if u.Scheme == "http" || u.Scheme == "https" {
		host := strings.ToLower(u.Hostname())
		for _, known := range messengers[i].hosts {
			if (host == known || strings.HasSuffix(host, "."+known)) && u.Port() == "" && (len(u.Path) > 1 || u.RawQuery != "") {
				return typed, nil
			}
		}
		return "", refused
	}
	if slices.Contains(messengers[i].schemes, u.Scheme) && (u.Host != "" || len(u.Opaque) > 0 || len(u.Path) > 1) {
		return typed, nil
	}
	return "", refused
}

func digit(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}

// SetChannels replaces the messengers of an account's button, in their order; a
// messenger may come once. fault.NotFound; fault.Invalid "channels_too_many",
// "channel_service", "channel_link" or "channel_twice", whose argument Row is the
// place of the wrong one, from 1.
func (s *Service) SetChannels(ctx context.Context, a chatid.AccountID, key chatid.ButtonKey, list []Channel) error {
	if len(list) > MaxChannels {
		return fault.New(fault.Invalid, "channels_too_many").With("Max", MaxChannels)
	}
	channels := make([]Channel, len(list))
	for i, c := range list {
		link, err := c.Service.Link(c.Link)
		if err != nil {
			return fault.New(fault.Invalid, fault.CodeOf(err)).With("Row", i+1)
		}
		if slices.ContainsFunc(channels[:i], func(other Channel) bool { return other.Service == c.Service }) {
			return fault.New(fault.Invalid, "channel_twice").With("Row", i+1)
		}
		channels[i] = Channel{Service: c.Service, Link: link}
	}
	return s.store.SetChannels(ctx, a, key, channels)
}
