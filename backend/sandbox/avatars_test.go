package sandbox

import (
	"bytes"
	"image/png"
	"testing"
)

// TestUserAvatar: the form of the field is not documented, so each has its variant.
func TestUserAvatar(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	access := b.accessOf(testAccount, 0, testClient)
	read := func() (value any, there bool) {
		t.Helper()
		list := b.api("GET", "/api/v4/users", access, "", 200).field(t, "_embedded", "users").([]any)
		value, there = list[1].(map[string]any)["avatar"]
		return value, there
	}
	if got, there := read(); got != nil || !there {
		t.Errorf("without one: %v, there %v", got, there)
	}
	b.control("PATCH", "accounts/31000001/users/9000003", `{"avatar":"#3a7bd5"}`, 204)
	for _, tt := range []struct {
		form  string
		want  any
		there bool
	}{
		{"", "https://democo.amocrm.ru/avatars/9000003/3a7bd5.png", true},
		{"path", "/avatars/9000003/3a7bd5.png", true},
		{"null", nil, true},
		{"absent", nil, false},
	} {
		b.box.SetVariants(func(v *Variants) { v.UserAvatar = tt.form })
		if got, there := read(); got != tt.want || there != tt.there {
			t.Errorf("form %q: %v, there %v; want %v, %v", tt.form, got, there, tt.want, tt.there)
		}
	}
	b.box.SetVariants(func(v *Variants) { v.UserAvatar = "" })
	a := b.fetch("https://democo.amocrm.ru/avatars/9000003/3a7bd5.png", 200)
	picture, err := png.Decode(bytes.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	if r, g, bl, _ := picture.At(0, 0).RGBA(); r>>8 != 0x3a || g>>8 != 0x7b || bl>>8 != 0xd5 {
		t.Errorf("the ground is %x %x %x", r>>8, g>>8, bl>>8)
	}
	for _, path := range []string{"9000003/c0563f.png", "9000002/3a7bd5.png", "9000003/3a7bd5", "", "x"} {
		b.fetch("https://democo.amocrm.ru/avatars/"+path, 404)
	}
	// Any link is given as it is, and its place is not the sandbox's.
	if err := b.box.SetAvatar(testAccount, 9000003, "https://10.0.0.1/a.png"); err != nil {
		t.Fatal(err)
	}
	if got, _ := read(); got != "https://10.0.0.1/a.png" {
		t.Errorf("a link: %v", got)
	}
	b.fetch("https://democo.amocrm.ru/avatars/9000003/3a7bd5.png", 404)
	b.control("PATCH", "accounts/31000001/users/1", `{"avatar":""}`, 404)
}
