package media

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"time"

	"leadline/backend/chatid"
)

const (
	aFile         = chatid.FileID("0192f0c4-5a0e-7c3e-9b6a-1f2e3d4c5b6a")
	aConversation = chatid.ConversationID("0192f0c4-0000-7000-8000-000000000001")
)

var linkKey, olderKey = bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)

func links(t *testing.T, keys ...[]byte) *Links {
	t.Helper()
	l, err := NewLinks("https://chat.example.org", keys...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func parse(t *testing.T, link string) *url.URL {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestLastingLink(t *testing.T) {
	t.Parallel()
	key := NewKey()
	link := links(t, linkKey).Lasting(key, "счёт № 5/6?.pdf")
	u := parse(t, link)
	if !strings.HasPrefix(link, "https://chat.example.org/f/"+string(key)+"/") || u.RawQuery != "" || u.Path != "/f/"+string(key)+"/счёт № 5/6?.pdf" {
		t.Errorf("Lasting = %s", link)
	}
	if strings.Count(u.EscapedPath(), "/") != 3 {
		t.Errorf("the name is more than one segment: %s", link)
	}
}

func TestShortLinkHasTheDocumentedForm(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 10, 20, 30, 0, time.UTC)
	end := "1767286800" // 17:00 of that day: six hours on, then to the next full hour
	mac := hmac.New(sha256.New, linkKey)
	mac.Write([]byte("file link 1\n" + string(aFile) + "\nthumb\n" + string(aConversation) + "\n" + end))
	want := "/v1/files/" + string(aFile) + "?e=" + end + "&s=" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) + "&v=thumb"
	if got := links(t, linkKey).Short(aFile, Thumbnail, aConversation, now); got != want {
		t.Errorf("Short = %s\nwant    %s", got, want)
	}
}

// SEC-5: a link to a file is signed and ends.
func TestShortLinkLivesForHoursAndIsTheSameWithinOne(t *testing.T) {
	t.Parallel()
	l := links(t, linkKey)
	start := time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
	link := l.Short(aFile, Original, aConversation, start)
	if other := l.Short(aFile, Original, aConversation, start.Add(time.Hour-time.Second)); other != link {
		t.Errorf("an hour's links differ: %s and %s", link, other)
	}
	if other := l.Short(aFile, Original, aConversation, start.Add(time.Hour)); other == link {
		t.Error("the next hour's link is the same")
	}
	q := parse(t, link).Query()
	for _, tt := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {6*time.Hour + 59*time.Minute, true}, {7*time.Hour - time.Second, true}, {7 * time.Hour, false}, {1000 * time.Hour, false}} {
		v, end, ok := l.Verify(aFile, aConversation, q, start.Add(tt.after))
		if ok != tt.want {
			t.Errorf("after %v: ok = %v, want %v", tt.after, ok, tt.want)
		}
		if ok && (v != Original || !end.Equal(start.Add(7*time.Hour))) {
			t.Errorf("after %v: variant %q until %v", tt.after, v, end)
		}
	}
}

func TestShortLinkOpensNothingElse(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 10, 20, 0, 0, time.UTC)
	l := links(t, linkKey)
	q := func(change func(url.Values)) url.Values {
		q := parse(t, l.Short(aFile, Thumbnail, aConversation, now)).Query()
		change(q)
		return q
	}
	same := q(func(url.Values) {})
	if v, _, ok := l.Verify(aFile, aConversation, same, now); !ok || v != Thumbnail {
		t.Fatalf("the link itself: %q, %v", v, ok)
	}
	for _, tt := range []struct {
		name         string
		file         chatid.FileID
		conversation chatid.ConversationID
		query        url.Values
	}{
		{"another file", aFile + "7", aConversation, same},
		{"another conversation", aFile, aConversation + "7", same},
		{"no conversation", aFile, "", same},
		{"the original instead of the thumbnail", aFile, aConversation, q(func(v url.Values) { v.Del("v") })},
		{"an unknown variant", aFile, aConversation, q(func(v url.Values) { v.Set("v", "big") })},
		{"a later end", aFile, aConversation, q(func(v url.Values) { v.Set("e", "1999999999") })},
		{"the same end in other digits", aFile, aConversation, q(func(v url.Values) { v.Set("e", "+"+v.Get("e")) })},
		{"no end", aFile, aConversation, q(func(v url.Values) { v.Del("e") })},
		{"no signature", aFile, aConversation, q(func(v url.Values) { v.Del("s") })},
		{"a shorter signature", aFile, aConversation, q(func(v url.Values) { v.Set("s", v.Get("s")[:20]) })},
		{"nothing", aFile, aConversation, url.Values{}},
	} {
		if _, _, ok := l.Verify(tt.file, tt.conversation, tt.query, now); ok {
			t.Errorf("%s was accepted", tt.name)
		}
	}
	if _, _, ok := links(t, olderKey).Verify(aFile, aConversation, same, now); ok {
		t.Error("a link signed with an unknown key was accepted")
	}
}

func TestShortLinksOutliveARotationOfKeys(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 10, 20, 0, 0, time.UTC)
	old := parse(t, links(t, olderKey).Short(aFile, Original, aConversation, now)).Query()
	rotated := links(t, linkKey, olderKey)
	if _, _, ok := rotated.Verify(aFile, aConversation, old, now); !ok {
		t.Error("a link of the older key is refused")
	}
	fresh := parse(t, rotated.Short(aFile, Original, aConversation, now)).Query()
	if _, _, ok := links(t, linkKey).Verify(aFile, aConversation, fresh, now); !ok {
		t.Error("the newest key does not sign")
	}
}

func TestLinksNeedGoodKeys(t *testing.T) {
	t.Parallel()
	if _, err := NewLinks("https://chat.example.org"); err == nil {
		t.Error("no key was accepted")
	}
	if _, err := NewLinks("https://chat.example.org", linkKey, []byte("short")); err == nil {
		t.Error("a short key was accepted")
	}
}
