package greeting_test

import (
	"strings"
	"testing"

	"leadline/backend/greeting"
)

// TestParametersInAnyStep: BOT-5. What the page told is looked at in the first step, as
// the vendor has it, and in any later one, also after a reply.
func TestParametersInAnyStep(t *testing.T) {
	t.Parallel()
	const check = `{"handler":"conditions","params":[{"term1":"{{bot_params.plan}}","term2":"pro","operation":"="}],"result":[{"handler":"show","params":{"type":"text","value":"pro"}}]},
		{"handler":"show","params":{"type":"text","value":"other"}}`
	for name, bot := range map[string]string{
		"first":         `[{"question":[` + check + `]}]`,
		"later":         `[{"question":[{"handler":"goto","params":{"type":"question","step":1}}]},{"question":[` + check + `]}]`,
		"after a reply": `[{"question":[{"handler":"wait_answer","params":{"type":"answer","step":0}}],"answer":[` + check + `]}]`,
	} {
		for params, want := range map[string]string{`{"plan":"pro"}`: "pro", `{"plan":"free"}`: "other"} {
			b := parse(t, bot)
			turn := b.Run(greeting.State{}, "", facts(t, params))
			if name == "after a reply" {
				turn = b.Run(turn.State, "hello", facts(t, params))
			}
			if got := strings.Join(texts(turn), "|"); got != want {
				t.Errorf("%s, %s: says %q, want %q", name, params, got, want)
			}
		}
	}
}
