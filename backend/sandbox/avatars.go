package sandbox

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// avatarPath is where an account's host serves the pictures of its users.
const avatarPath = "/avatars/"

// avatarColour is what makes User.Avatar a picture that the sandbox draws.
var avatarColour = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// avatarOf is what API v4 says of a user's picture; there is false for a field that
// is left out. Neither the field nor its form is documented.
func (a *apiCall) avatarOf(u User) (value any, there bool) {
	link := u.Avatar
	drawn := avatarColour.MatchString(u.Avatar)
	if drawn {
		link = avatarPath + strconv.FormatInt(u.ID, 10) + "/" + u.Avatar[1:] + ".png"
	}
	switch form := a.s.Variants().UserAvatar; {
	case form == "absent":
		return nil, false
	case form == "null", link == "":
		return nil, true
	case drawn && form != "path":
		return a.origin() + link, true
	}
	return link, true
}

// SetAvatar changes a user's picture; see User.Avatar.
func (s *Server) SetAvatar(account, user int64, avatar string) error {
	return s.changeUser(account, user, func(u *User) { u.Avatar = avatar })
}

// SetPresence tells whether a user is online; see User.Presence. Pages that are
// open learn of it within seconds.
func (s *Server) SetPresence(account, user int64, presence string) error {
	if presence != "" && presence != "online" && presence != "offline" {
		return errors.New(`presence is "online", "offline" or ""`)
	}
	return s.changeUser(account, user, func(u *User) { u.Presence = presence })
}

// SetAdmin gives a user administrator rights, or takes them away.
func (s *Server) SetAdmin(account, user int64, admin bool) error {
	return s.changeUser(account, user, func(u *User) { u.Admin = admin })
}

func (s *Server) changeUser(account, user int64, edit func(*User)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.account(account); a != nil {
		if u := a.user(user); u != nil {
			edit(u)
			s.touch()
			return nil
		}
	}
	return ErrNotFound
}

// serveAvatar draws the picture that a user has now; a former one is not found.
func (s *Server) serveAvatar(c *call) {
	acc := accountOf(c.r)
	c.account = acc.ID
	id, name, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Path, avatarPath), "/")
	number, _ := strconv.ParseInt(id, 10, 64)
	u := acc.user(number)
	if u == nil || !avatarColour.MatchString(u.Avatar) || name != u.Avatar[1:]+".png" {
		c.verdict(Refused, "avatar", "no such picture")
		c.w.WriteHeader(http.StatusNotFound)
		return
	}
	c.w.Header().Set("Content-Type", "image/png")
	_, _ = c.w.Write(drawAvatar(u.Avatar))
}

// drawAvatar paints a white head and shoulders on a colour.
func drawAvatar(colour string) []byte {
	const side = 128
	rgb, _ := strconv.ParseUint(colour[1:], 16, 32)
	ground := color.NRGBA{uint8(rgb >> 16), uint8(rgb >> 8), uint8(rgb), 255} //nolint:gosec // three bytes
	picture := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{ground, color.White})
	for y := range side {
		for x := range side {
			dx, head, body := x-side/2, y-48, y-side
			if dx*dx+head*head < 22*22 || dx*dx+body*body < 44*44 {
				picture.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, picture) // memory never fails
	return b.Bytes()
}
