package greeting

import (
	"strconv"
	"strings"
)

// again runs a list from the handler on at which it stopped to wait for a reply, or from
// behind the one that waited for an answer; within is that handler's place below the
// list, as in Problem.Path. ok is false where the bot has none there any more.
func (r *run) again(list []Handler, path, within string) (f flow, ok bool) {
	first, rest, inner := strings.Cut(within, "/")
	i, err := strconv.Atoi(first)
	if err != nil || i < 0 || i >= len(list) {
		return flow{}, false
	}
	if !inner {
		if r.behind {
			r.behind = false
			i++
		}
		return r.listFrom(list, path, i), true
	}
	params, err := list[i].Decode()
	if err != nil || !r.pay(len(list[i].Params)) {
		return flow{}, false
	}
	name, below, rest := inside(params, rest)
	if f, ok = r.again(below, path+"/"+first+"/"+name, rest); !ok || f.kind != ran {
		return f, ok
	}
	if _, goesOn := params.(External); goesOn {
		return r.listFrom(list, path, i+1), true
	}
	return f, true // a branch is instead of what stands behind it
}

// inside finds the list in a handler's parameters that a path leads through.
func inside(params any, path string) (name string, list []Handler, rest string) {
	if replies, ok := params.([]Reply); ok {
		parts := strings.SplitN(path, "/", 4) // params/<number>/params/<rest>
		if len(parts) == 4 {
			if k, err := strconv.Atoi(parts[1]); err == nil && k >= 0 && k < len(replies) {
				return strings.Join(parts[:3], "/"), replies[k].Do, parts[3]
			}
		}
		return "", nil, ""
	}
	lists := map[string][]Handler{}
	switch p := params.(type) {
	case Conditions:
		lists = map[string][]Handler{"params/result": p.Result, "params/otherwise": p.Otherwise}
	case Validations:
		lists = map[string][]Handler{"params/result": p.Result, "params/otherwise": p.Otherwise}
	case External:
		lists = map[string][]Handler{"params/on_error": p.OnError}
	}
	for name, list := range lists {
		if rest, ok := strings.CutPrefix(path, name+"/"); ok {
			return name, list, rest
		}
	}
	return "", nil, ""
}
