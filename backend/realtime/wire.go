package realtime

import (
	"bytes"
	"encoding/json"
	"strconv"

	"leadline/backend/chatid"
)

// The frames of docs/http-api.md, "The stream".

func messageFrame(message json.RawMessage) []byte {
	const head, tail = `{"type":"message","message":`, `}`
	out := make([]byte, 0, len(head)+len(message)+len(tail))
	out = append(out, head...)
	if bytes.ContainsAny(message, "\n\r") {
		// An event stream ends a frame at a line's end. JSON has line ends only
		// between its tokens, where a space means the same.
		start := len(out)
		out = append(out, message...)
		for i, c := range out[start:] {
			if c == '\n' || c == '\r' {
				out[start+i] = ' '
			}
		}
	} else {
		out = append(out, message...)
	}
	return append(out, tail...)
}

func readyFrame(cursor int64) []byte { return cursorFrame("ready", cursor) }

func pingFrame(cursor int64) []byte { return cursorFrame("ping", cursor) }

func cursorFrame(kind string, cursor int64) []byte {
	out := append([]byte(`{"type":"`), kind...)
	out = append(out, `","cursor":`...)
	out = strconv.AppendInt(out, cursor, 10)
	return append(out, '}')
}

func typingFrame(t Typing) []byte {
	out := strconv.AppendInt([]byte(`{"type":"typing","until":`), t.Until.UnixMilli(), 10)
	name, _ := json.Marshal(t.Name) // a string: cannot fail
	return append(append(append(out, `,"name":`...), name...), '}')
}

// conversationsFrame tells that something happened in another conversation.
func conversationsFrame() []byte { return []byte(`{"type":"conversations"}`) }

func availabilityFrame(a Availability) []byte {
	out := append([]byte(`{"type":"availability","state":"`), a.State...)
	if a.Back != "" {
		out = append(append(out, `","back":"`...), a.Back...)
	}
	return append(out, `"}`...)
}

func byeFrame(code string) []byte {
	return append(append([]byte(`{"type":"bye","code":"`), code...), `"}`...)
}

// hello is the only frame that a browser sends.
type hello struct {
	Token  string `json:"token"`
	Cursor int64  `json:"cursor"`
	// Conversation is one of several, see Session.
	Conversation *chatid.ConversationID `json:"conversation"`
}

// maxHello bounds that frame; a visitor token is a fraction of it.
const maxHello = 4 << 10

// parseHello reads it; ok is false for what no browser of ours sends. Unknown
// fields are let through, so that a newer panel may say more.
func parseHello(data []byte) (h hello, ok bool) {
	if json.Unmarshal(data, &h) != nil {
		return hello{}, false
	}
	return h, h.Token != "" && validCursor(h.Cursor)
}

func validCursor(c int64) bool { return c >= 0 && c <= maxCursor }
