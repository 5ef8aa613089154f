package widgetzip

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// knownGlobals are names that a page has: of the language, of browsers, and
// those of the CRM that everybody uses. More of browsers are told by apiName.
var knownGlobals = func() map[string]bool {
	all := map[string]bool{}
	for name := range strings.FieldsSeq(`
		Array ArrayBuffer Atomics BigInt Boolean DataView Date Error EvalError Float32Array Float64Array Function Infinity Int8Array Int16Array
		Int32Array Intl JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set String Symbol SyntaxError
		TypeError URIError Uint8Array Uint8ClampedArray Uint16Array Uint32Array WeakMap WeakRef WeakSet AggregateError BigInt64Array
		arguments decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval globalThis isFinite isNaN parseFloat parseInt undefined
		APP AMOCRM define require requirejs $ jQuery _ window self document navigator location history screen console localStorage sessionStorage
		indexedDB performance crypto caches alert confirm prompt atob btoa fetch queueMicrotask structuredClone setTimeout setInterval clearTimeout
		clearInterval setImmediate requestAnimationFrame cancelAnimationFrame requestIdleCallback cancelIdleCallback getComputedStyle matchMedia
		getSelection postMessage addEventListener removeEventListener dispatchEvent open close print scrollTo scrollBy innerWidth innerHeight
		pageXOffset pageYOffset devicePixelRatio parent top frames event name status origin importScripts execScript
		Audio Image Option Blob File FileList FileReader FormData Headers Request Response URL URLSearchParams AbortController AbortSignal
		Node NodeFilter NodeList Element Document DocumentFragment Range Selection Text Comment Event CustomEvent EventTarget EventSource
		BroadcastChannel Notification Worker SharedWorker Storage TextDecoder TextEncoder TreeWalker Window XPathResult FontFace`) {
		all[name] = true
	}
	return all
}()

// apiName is how the other interfaces of browsers are called.
var apiName = regexp.MustCompile(`^(HTML|SVG|CSS|DOM|RTC|Web|XML|XSLT|Audio|Media|IDB|Mutation|Resize|Intersection|Performance|Clipboard|Mouse|Keyboard|Pointer|Touch|Drag|Focus|Input|Wheel|Progress|Message|Storage|Speech|Service|Animation|Crypto|Compression|Decompression|Readable|Writable|Transform|Offscreen|Canvas|Path2D|Image|File|Shadow|Custom|Abort|Promise|Hash|Pop|Page|Before|Validity)[A-Z0-9]`)

var forbiddenNames = map[string]string{"eval": "J02", "execScript": "J02", "alert": "J03", "confirm": "J03", "prompt": "J03"}

// checkGlobals is J09 for names, and J02 and J03 where a name is not called.
func (s *script) checkGlobals() {
	for _, v := range s.tree.Declared {
		switch v.Decl {
		case js.VariableDecl, js.FunctionDecl, js.LexicalDecl:
			s.addWord("J09", Moderation, string(v.Data), "%s stands outside of define and becomes a global variable; move it inside", string(v.Data))
		}
	}
	seen := map[string]bool{}
	for _, v := range s.tree.Undeclared {
		name := string(variable(v).Data)
		// Names that are handed on, as in (0, eval)(text) or .catch(alert).
		if rule := forbiddenNames[name]; v.Decl == js.NoDecl && rule != "" && s.c.counts[rule+s.name] == 0 {
			s.addWord(rule, Moderation, name, "%s is not allowed, under no name", name)
		}
		if v.Decl != js.NoDecl || seen[name] || knownGlobals[name] || apiName.MatchString(name) || s.asked[name] {
			continue
		}
		seen[name] = true
		s.addWord("J09", Moderation, name, "%s is declared nowhere; declare it, or name its module in define", name)
	}
}

// isShared tells whether an expression is, or is a part of, what all widgets
// share: the page's global object, APP or AMOCRM.
func (s *script) isShared(e js.IExpr) bool {
	for range 20 {
		e = bare(e)
		switch globalName(e) {
		case "window", "globalThis", "APP", "AMOCRM":
			return true
		case "self":
			return true
		}
		if s.isAPP(e, 0) {
			return true
		}
		owner := ownerOf(e)
		if owner == nil {
			return false
		}
		e = owner
	}
	return false
}

// checkAssignment is J09 for writes, J02 and J08 for window.on… handlers.
func (s *script) checkAssignment(n *js.BinaryExpr) {
	if !isAssignment(n.Op) {
		return
	}
	target := bare(n.X)
	s.checkWrite(target)
	s.checkCredential(memberName(target), n.Y)
	if m := memberName(target); m == "onmessage" {
		s.checkMessageHandler(n, n.Y)
	}
	if m := memberName(target); (m == "display" || m == "visibility" || m == "innerHTML" || m == "hidden" || m == "opacity") && s.namesSystemPart(target) {
		s.addAt("J11", Moderation, n, "this changes ratings, reviews, the left menu or the trigger dialog; leave them alone")
	}
}

// checkUpdate is J09 for ++, -- and delete.
func (s *script) checkUpdate(n *js.UnaryExpr) {
	switch n.Op {
	case js.PreIncrToken, js.PreDecrToken, js.PostIncrToken, js.PostDecrToken, js.DeleteToken:
		s.checkWrite(bare(n.X))
	}
}

func (s *script) checkWrite(target js.IExpr) {
	if name := globalName(target); name != "" {
		if !knownGlobals[name] {
			return // checkGlobals names it
		}
		s.addWord("J09", Moderation, name, "%s is overwritten; it belongs to the page", name)
		return
	}
	owner := ownerOf(target)
	if owner == nil || !s.isShared(owner) || memberName(target) == "location" || memberName(owner) == "location" || globalName(owner) == "location" {
		return
	}
	s.addAt("J09", Moderation, target, "%s is written to what all widgets share; keep it in the module", memberName(target))
}

// checkMutation is J09 for functions that write into their first argument, and
// for APP.constant with a value.
func (s *script) checkMutation(call *js.CallExpr) {
	member, owner := memberName(call.X), ownerOf(call.X)
	first := argument(call, 0)
	switch {
	case member == "constant" && len(call.Args.List) > 1 && s.isAPP(owner, 0):
		s.addAt("J09", Moderation, call, "APP.constant is given a value; constants may only be read")
	case first == nil || len(call.Args.List) < 2:
	case (member == "assign" || member == "defineProperty" || member == "defineProperties") && globalName(owner) == "Object" && s.isShared(first),
		member == "extend" && (isJQuery(owner) || nameOf(owner) == "_") && s.isShared(first),
		member == "set" && globalName(owner) == "Reflect" && s.isShared(first):
		s.addAt("J09", Moderation, call, "%s writes to what all widgets share; keep it in the module", member)
	}
}

// Documented members of APP and of what stands below it (W §5.7, §5.9).
var (
	appMembers = []string{
		"constant", "lang_id", "getBaseEntity", "isCard", "getWidgetsArea", "getV3WidgetsArea", "data", "widgets",
		"addNotificationCallback", "notifications", "sdk",
	}
	below = map[string][]string{
		"data":          {"current_card", "current_list", "current_view"},
		"widgets":       {"list", "system"},
		"notifications": {"add_error", "add_call", "show_message", "show_message_error", "show_notification"},
		"sdk":           {"showUserStatus", "setCallingStatus", "getCallingStatus"},
	}
)

// isAPP tells whether an expression is APP: by its name, as a member of window,
// through a variable, an alternative ("window.APP || {}") or a function that
// returns it.
func (s *script) isAPP(e js.IExpr, depth int) bool {
	if e == nil || depth > 6 {
		return false
	}
	e = s.valueOf(e)
	if name := called(e); name == "APP" || name == "AMOCRM" {
		return true
	}
	switch e := e.(type) {
	case *js.BinaryExpr:
		return (e.Op == js.OrToken || e.Op == js.NullishToken || e.Op == js.AndToken) && (s.isAPP(e.X, depth+1) || s.isAPP(e.Y, depth+1))
	case *js.CallExpr:
		v := variable(bare(e.X))
		if v == nil {
			return false
		}
		gives, known := s.givesAPP[v]
		if body := bodyOf(s.valueOf(e.X)); !known && body != nil {
			s.givesAPP[v] = false // while it is looked at: it may call itself
			gives = s.isAPP(returned(body), depth+1)
			s.givesAPP[v] = gives
		}
		return gives
	}
	return false
}

// checkAPP is J14.
func (s *script) checkAPP(n js.INode) {
	name, owner := memberName(n), ownerOf(n)
	if name == "" || owner == nil {
		return
	}
	if s.isAPP(owner, 0) {
		if !slices.Contains(appMembers, name) {
			s.addAt("J14", Moderation, n, "APP.%s is not documented and may go any day; use %s", name, strings.Join(appMembers, ", "))
		}
		return
	}
	if known := below[memberName(owner)]; known != nil && s.isAPP(ownerOf(owner), 0) && !slices.Contains(known, name) {
		s.addAt("J14", Moderation, n, "APP.%s.%s is not documented and may go any day", memberName(owner), name)
	}
}
