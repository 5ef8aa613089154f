package greeting

import (
	"fmt"
	"strconv"
	"strings"
)

// StartParams splits the start parameter of a chat at a delimiter and puts the parts
// where Values says, each in its turn: "lead.tags" sets a tag of the lead,
// "lead.custom_fields.<id>" a field. Empty parts, and those for which there is no
// value, do nothing.
//
// In a messenger the start parameter comes with the link that opens the chat. A site
// has no such link; what it hands to a bot are bot_params (BOT-1), so here it is
// bot_params.start.
type StartParams struct {
	Delimiter string   `json:"delimiter"`
	Values    []string `json:"values"`
}

// StartParam is the name of the start parameter among bot_params.
const StartParam = "start"

const (
	startTags   = "lead.tags"
	startFields = "lead.custom_fields."
)

// startField reads the number of a field from its place in StartParams.Values; 0 for
// what is none.
func startField(value string) int64 {
	digits, ok := strings.CutPrefix(value, startFields)
	id, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || id < 0 {
		return 0
	}
	return id
}

func (r *run) start(p StartParams) {
	whole := cut(strings.TrimSpace(r.param("."+StartParam)), maxValue)
	if whole == "" || !r.pay(len(whole)) {
		return
	}
	parts := []string{whole}
	if p.Delimiter != "" {
		parts = strings.SplitN(whole, p.Delimiter, len(p.Values)+1) // the last has what nobody asked for
	}
	for i, to := range p.Values[:min(len(p.Values), len(parts))] {
		part := strings.TrimSpace(parts[i])
		switch field := startField(to); {
		case part == "":
		case to == startTags:
			r.want(Act{Name: ActSetTag, Value: cut(part, maxTag)})
		case field != 0:
			r.want(Act{Name: ActSetFields, Field: field, Value: part})
		default:
			r.log("bad_meta", to)
		}
	}
}

func (c *checker) start(p StartParams, at string) {
	if len(p.Values) == 0 {
		c.bad(at+"/values", "bad_meta", "")
	}
	for i, to := range p.Values {
		if to != startTags && startField(to) == 0 {
			c.warn(fmt.Sprintf("%s/values/%d", at, i), "bad_meta", to)
		}
	}
}
