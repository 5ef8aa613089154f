package media

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"leadline/backend/chatid"
)

// Variant is one form of a file that a link may lead to.
type Variant string

const (
	Original  Variant = ""
	Thumbnail Variant = "thumb"
)

// Links makes and checks the two kinds of links to files (design: a lasting one
// for the chats service, a short one for panels).
type Links struct {
	base string
	keys [][]byte
}

const (
	lastingPath = "/f/"
	shortPath   = "/v1/files/"
	// linkTime is how long a short link lives at least; up to an hour more, since
	// it ends on a full hour: all links to a file made within the hour are equal,
	// so that browsers find it in their cache.
	linkTime = 6 * time.Hour
	hour     = int64(time.Hour / time.Second)
	// minKey is the length of the shortest key taken.
	minKey = 32
)

// NewLinks makes links under base (scheme and host of the chat address). keys
// are secrets of at least 32 bytes; the first signs, all are accepted, so that
// a key may be changed while older links live.
func NewLinks(base string, keys ...[]byte) (*Links, error) {
	if len(keys) == 0 {
		return nil, errors.New("links to files: no key")
	}
	for _, k := range keys {
		if len(k) < minKey {
			return nil, errors.New("links to files: a key is too short")
		}
	}
	return &Links{base: strings.TrimSuffix(base, "/"), keys: keys}, nil
}

// Lasting is the public address of a file for the chats service, which downloads
// it without cookies or login, perhaps much later (C §3.4.4, §9 trap 22). It
// lives as long as its key is stored: whoever knows it may read the file, so it
// goes to the chats service alone. key is a random one (NewKey), kept with the
// file; name is only for people to read and must be a clean one.
func (l *Links) Lasting(key Key, name string) string {
	return l.base + lastingPath + string(key) + "/" + url.PathEscape(name)
}

// Short is the address of a file for the panel of its conversation: path and
// query alone, valid for six to seven hours from now. The server that is asked
// finds the conversation by the file and gives it to Verify.
func (l *Links) Short(file chatid.FileID, v Variant, c chatid.ConversationID, now time.Time) string {
	end := (now.Add(linkTime).Unix()/hour + 1) * hour
	q := url.Values{"e": {strconv.FormatInt(end, 10)}, "s": {sign(l.keys[0], file, v, c, end)}}
	if v != Original {
		q.Set("v", string(v))
	}
	return shortPath + url.PathEscape(string(file)) + "?" + q.Encode()
}

// Verify checks the query of a short link (v, e, s) against the file and the
// conversation that it belongs to. It gives the variant asked for and when the
// link ends; ok is false for a link that is not ours, is for something else or
// has ended.
func (l *Links) Verify(file chatid.FileID, c chatid.ConversationID, query url.Values, now time.Time) (v Variant, end time.Time, ok bool) {
	v = Variant(query.Get("v"))
	if v != Original && v != Thumbnail {
		return "", time.Time{}, false
	}
	e := query.Get("e")
	at, err := strconv.ParseInt(e, 10, 64)
	if err != nil || strconv.FormatInt(at, 10) != e || now.Unix() >= at {
		return "", time.Time{}, false
	}
	for _, k := range l.keys {
		if hmac.Equal([]byte(sign(k, file, v, c, at)), []byte(query.Get("s"))) {
			return v, time.Unix(at, 0).UTC(), true
		}
	}
	return "", time.Time{}, false
}

// sign binds all that a short link allows. The ids hold no line breaks.
func sign(key []byte, file chatid.FileID, v Variant, c chatid.ConversationID, end int64) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(strings.Join([]string{"file link 1", string(file), string(v), string(c), strconv.FormatInt(end, 10)}, "\n")))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}
