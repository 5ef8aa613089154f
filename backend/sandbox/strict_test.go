package sandbox

import (
	"encoding/json"
	"testing"
)

// FuzzDecodeStrict: whatever comes in, nothing breaks, and what is taken says
// the same to an ordinary reader.
func FuzzDecodeStrict(f *testing.F) {
	for _, s := range []string{text("m-1", "c-1", "Hello"), connectBody, `{"a":{"a":1,"a":2}}`, `[[[[`, `{"payload":null}`, "\xff", `{"event_type":"\ud83d"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var strict, plain messageEnvelope
		if decodeStrict(data, &strict) != nil {
			return
		}
		if err := json.Unmarshal(data, &plain); err != nil {
			t.Fatalf("taken, but not by encoding/json: %v", err)
		}
		if a, b := string(marshal(strict)), string(marshal(plain)); a != b {
			t.Errorf("strict %s, plain %s", a, b)
		}
	})
}
