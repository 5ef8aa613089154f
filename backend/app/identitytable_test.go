package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"leadline/backend/config"
	"leadline/backend/onlinechat"
)

// What a cell of ADR 11's table shows.
const (
	nothing  = ""
	ofDevice = "on the device"
	ofPerson = "at home"
)

// identityTable is that of ADR 11: what the visitor sees by the token of the device,
// the word for who they are, and the mode. The person has written "at home",
// proven, or never wrote; the one before on the device wrote "on the device".
var identityTable = []struct {
	token, word              string
	known                    bool
	signed, optional, vendor string
}{
	{"none", "nothing", true, nothing, nothing, nothing},
	{"anonymous", "nothing", true, ofDevice, ofDevice, ofDevice},
	{"claimed", "nothing", true, nothing, nothing, nothing},
	{"own", "nothing", true, nothing, nothing, nothing},
	{"another's", "nothing", true, nothing, nothing, nothing},

	{"none", "short id", true, nothing, nothing, nothing},
	{"anonymous", "short id", true, ofDevice, ofDevice, ofDevice},
	{"claimed", "short id", true, ofDevice, ofDevice, ofDevice},
	{"own", "short id", true, nothing, ofPerson, ofPerson},
	{"another's", "short id", true, nothing, nothing, nothing},

	{"none", "hash", true, nothing, nothing, ofPerson},
	{"anonymous", "hash", true, ofDevice, ofDevice, ofPerson},
	{"claimed", "hash", true, ofDevice, ofDevice, ofPerson},
	{"own", "hash", true, nothing, ofPerson, ofPerson},
	{"another's", "hash", true, nothing, nothing, ofPerson},

	{"none", "user token", true, ofPerson, ofPerson, ofPerson},
	{"anonymous", "user token", true, ofPerson, ofPerson, ofPerson},
	{"claimed", "user token", true, ofPerson, ofPerson, ofPerson},
	{"own", "user token", true, ofPerson, ofPerson, ofPerson},
	{"another's", "user token", true, ofPerson, ofPerson, ofPerson},

	{"none", "hash", false, nothing, nothing, nothing},
	{"anonymous", "hash", false, ofDevice, ofDevice, ofDevice},
	{"claimed", "hash", false, ofDevice, ofDevice, ofDevice},
	{"another's", "hash", false, nothing, nothing, nothing},

	{"none", "user token", false, nothing, nothing, nothing},
	{"anonymous", "user token", false, ofDevice, ofDevice, ofDevice},
	{"claimed", "user token", false, ofDevice, ofDevice, ofDevice},
	{"another's", "user token", false, nothing, nothing, nothing},
}

// TestWhoSeesWhichHistoryByMode is ADR 11's table, cell by cell: the token of the
// device x the alias x the word of the site x the chat's mode (VIS-1, VIS-2, SEC-1, SEC-2,
// SEC-3, SEC-4, SEC-7, CFG-7, EMB-21).
func TestWhoSeesWhichHistoryByMode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, config: func(c *config.Config) { c.TrustProxy = true }})
	s := w.site()
	cells := 0
	for _, mode := range []onlinechat.IdentityMode{onlinechat.Signed, onlinechat.Optional, onlinechat.Vendor} {
		if err := w.buttonSettings().SetIdentityMode(t.Context(), s.chat, mode); err != nil {
			t.Fatal(err)
		}
		for _, row := range identityTable {
			want := map[onlinechat.IdentityMode]string{onlinechat.Signed: row.signed, onlinechat.Optional: row.optional, onlinechat.Vendor: row.vendor}[mode]
			for _, alias := range []string{"", "0198c0de-0000-7000-8000-00000000aaaa"} {
				cells++
				c := cell{site: s, n: cells, alias: alias}
				t.Run(fmt.Sprintf("%s, token %s, alias %t, %s, known %t", mode, row.token, alias != "", row.word, row.known), func(t *testing.T) {
					c.t = t
					c.check(row.token, row.word, row.known, want)
				})
			}
		}
	}
	identity, err := w.buttonSettings().Identity(t.Context(), s.chat)
	if err != nil || identity.ShortIDAt.IsZero() {
		t.Errorf("the refused short ids were not noted: %v", err)
	}
}

// cell is one cell, with people and an address of its own.
type cell struct {
	site
	t     *testing.T
	n     int
	alias string
	said  int
}

// open begins a session of a device that keeps token, as the page of a site says who it is.
func (c *cell) open(token, userID, userToken string) (*visitor, string) {
	c.t.Helper()
	v := &visitor{w: c.w, base: chatURL, button: c.button, address: fmt.Sprintf("10.1.%d.%d", c.n/250, c.n%250+1)}
	a := c.w.send("POST", chatURL+"/v1/session", v.from(nil), map[string]string{
		"button_id": c.button, "ticket": v.ticket(c.hash), "token": token, "alias": c.alias, "user_id": userID, "user_token": userToken,
	})
	if a.status != http.StatusOK {
		c.t.Fatalf("session: %d %s", a.status, a.body)
	}
	var got struct {
		Token   string
		Warning struct{ Code, Message string }
	}
	a.into(c.t, &got)
	if v.token = got.Token; got.Warning.Code != "" && !strings.Contains(got.Warning.Message, "user_id") {
		c.t.Errorf("the warning %s says %q", got.Warning.Code, got.Warning.Message)
	}
	return v, got.Warning.Code
}

func (c *cell) says(v *visitor, text string) {
	c.t.Helper()
	c.said++
	v.write(uuidN(c.n*10+c.said), text)
}

func (c *cell) check(token, word string, known bool, want string) {
	person, other := fmt.Sprint("person-", c.n), fmt.Sprint("other-", c.n)
	if word == "hash" {
		sum := sha256.Sum256([]byte(person))
		person = hex.EncodeToString(sum[:])
	}
	if known {
		home, _ := c.open("", "", c.token(person, nil))
		c.says(home, ofPerson)
	}
	device := &visitor{}
	switch token {
	case "anonymous":
		device, _ = c.open("", "", "")
		c.says(device, ofDevice)
	case "claimed":
		device, _ = c.open("", person, "")
		c.says(device, ofDevice)
	case "own":
		device, _ = c.open("", "", c.token(person, nil))
	case "another's":
		device, _ = c.open("", "", c.token(other, nil))
		c.says(device, "of another")
	}
	userID, userToken := "", ""
	switch word {
	case "short id", "hash":
		userID = person
	case "user token":
		userID, userToken = other, c.token(person, nil) // proof is above a claim
	}
	v, warning := c.open(device.token, userID, userToken)
	shows := func(v *visitor) string {
		texts := v.texts()
		switch {
		case strings.Contains(texts, ofPerson): // in the vendor's mode with what was added by the claim
			return ofPerson
		default:
			return texts
		}
	}
	if got := shows(v); got != want {
		c.t.Errorf("shows %q, want %q", got, want)
	}
	// The same page again, by what the device has then.
	if again, _ := c.open(v.token, userID, userToken); shows(again) != want {
		c.t.Errorf("the second time it shows %q, want %q", shows(again), want)
	}
	mode, _, _ := strings.Cut(c.t.Name()[strings.LastIndexByte(c.t.Name(), '/')+1:], ",")
	wantWarning := ""
	if userToken == "" && userID != "" {
		wantWarning = map[string]string{"signed/": "user_id_unproven", "signed/hash": "user_id_unproven", "vendor/": "user_id_short"}[mode+"/"+strings.TrimPrefix(word, "short id")]
	}
	if warning != wantWarning {
		c.t.Errorf("warned with %q, want %q", warning, wantWarning)
	}
}
