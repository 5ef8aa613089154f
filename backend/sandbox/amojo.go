package sandbox

import (
	"cmp"
	"errors"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// form is one of the eight request forms of the Chats API (C §0).
type form struct {
	name   string
	method string
	run    func(*amojoCall)
}

var (
	formConnect    = &form{"connect", http.MethodPost, (*amojoCall).connect}
	formDisconnect = &form{"disconnect", http.MethodDelete, (*amojoCall).disconnect}
	formChats      = &form{"create chat", http.MethodPost, (*amojoCall).createChat}
	formMessage    = &form{"message", http.MethodPost, (*amojoCall).message}
	formStatus     = &form{"delivery status", http.MethodPost, (*amojoCall).deliveryStatus}
	formTyping     = &form{"typing", http.MethodPost, (*amojoCall).typing}
	formReact      = &form{"react", http.MethodPost, (*amojoCall).react}
	formHistory    = &form{"history", http.MethodGet, (*amojoCall).history}
)

const amojoPrefix = "/v2/origin/custom/"

// matchForm finds the form of a path; the parts are the scope or channel id and
// the message or chat id.
func matchForm(path string) (f *form, id, sub string) {
	rest, ok := strings.CutPrefix(path, amojoPrefix)
	if !ok {
		return nil, "", ""
	}
	p := strings.Split(rest, "/")
	for _, part := range p {
		if part == "" {
			return nil, "", ""
		}
	}
	switch {
	case len(p) == 1:
		return formMessage, p[0], ""
	case len(p) == 3 && p[2] == "delivery_status":
		return formStatus, p[0], p[1]
	case len(p) == 4 && p[1] == "chats" && p[3] == "history":
		return formHistory, p[0], p[2]
	case len(p) == 2:
		for _, f := range []*form{formConnect, formDisconnect, formTyping, formReact} {
			if f.name == p[1] {
				return f, p[0], ""
			}
		}
		if p[1] == "chats" {
			return formChats, p[0], ""
		}
	}
	return nil, "", ""
}

// amojoCall is one Chats API request past the routing.
type amojoCall struct {
	*call
	zone    Zone
	form    *form
	id, sub string
	channel Channel
	acc     *Account // of the scope; nil for connect and disconnect
	faults  Faults   // in force when the request came
	aimed   bool     // faults that are narrowed to something mean this request
	vars    Variants
	after   func() // a fault to play after the request was carried out, before the answer
}

// serveAmojo runs the checks of C §10 in their order.
func (s *Server) serveAmojo(c *call, zone Zone) {
	a := &amojoCall{call: c, zone: zone}
	// By which a client can tell that one of the two clocks is wrong.
	c.w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
	if a.form, a.id, a.sub = matchForm(c.r.URL.EscapedPath()); a.form == nil {
		a.verdict(Broke, "C §10.1 path", c.r.URL.Path+" is not one of the eight forms")
		c.w.WriteHeader(http.StatusNotFound)
		return
	}
	if c.r.Method != a.form.method {
		a.verdict(Broke, "C §10.2 method", a.form.name+" takes "+a.form.method)
		c.w.Header().Set("Allow", a.form.method)
		c.w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if !c.readBody() || !a.playFaults() {
		return
	}
	scoped := a.form != formConnect && a.form != formDisconnect
	channelID := a.id
	if scoped {
		channelID = channelOf(a.id)
	}
	known := a.findChannel(channelID)
	if !scoped && !known {
		a.refuse(http.StatusNotFound, Broke, "C §10.3 channel", "no channel "+channelID)
		return
	}
	if !a.authenticate(known) || (scoped && !a.findScope(known)) {
		return
	}
	a.form.run(a)
}

func (a *amojoCall) findChannel(id string) bool {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	ch := a.s.channel(id)
	if ch == nil || ch.Product != a.zone.Product && !a.vars.SharedChannels {
		return false
	}
	a.channel = *ch
	return true
}

// authenticate is check 4. An unknown channel has no secret to check with, so
// a scope of one fails here if its headers do, else in check 5.
func (a *amojoCall) authenticate(known bool) bool {
	h := a.r.Header
	if known && a.vars.LegacySignature && h.Get("Date") == "" && h.Get("Content-MD5") == "" &&
		(a.form == formConnect || a.form == formDisconnect || a.form == formMessage) {
		if equal(h.Get("X-Signature"), hmacSHA1(a.channel.Secret, a.body)) {
			return true
		}
		a.refuse(http.StatusForbidden, Broke, "C §2.2 old signature", "X-Signature is not the HMAC of the body")
		return false
	}
	if err := checkHeaders(h, a.body, a.s.Now(), a.vars.DateRule); err != nil {
		verdict := Broke
		if errors.Is(err, errStaleDate) && a.clockMoved() {
			verdict = Refused
		}
		a.refuse(cmp.Or(a.vars.HeaderStatus, http.StatusForbidden), verdict, "C §10.4 headers", err.Error())
		return false
	}
	want := signature(a.channel.Secret, a.r.Method, h.Get("Content-MD5"), h.Get("Content-Type"), h.Get("Date"), a.r.URL.EscapedPath())
	if known && !equal(h.Get("X-Signature"), want) {
		a.refuse(http.StatusForbidden, Broke, "C §2.1 signature", "X-Signature does not match method, MD5, type, date and path")
		return false
	}
	return true
}

func (a *amojoCall) clockMoved() bool {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.s.st.Shift != 0
}

var uuidShape = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// findScope is check 5.
func (a *amojoCall) findScope(known bool) bool {
	channel, amojoID, _ := strings.Cut(a.id, "_")
	dead := cmp.Or(a.vars.ScopeStatus, http.StatusForbidden)
	switch {
	case !uuidShape.MatchString(channel) || !uuidShape.MatchString(amojoID):
		a.refuse(dead, Broke, "C §10.5 scope", "scope is not <channel id>_<amojo id of the account>")
		return false
	case !known:
		a.refuse(dead, Broke, "C §10.5 scope", "the scope's channel does not exist")
		return false
	}
	a.s.mu.Lock()
	acc := a.s.accountByAmojo(a.zone.Product, amojoID)
	conn := a.s.st.Connections[a.id]
	if acc != nil {
		a.acc, a.account = acc.clone(), acc.ID
	}
	a.s.mu.Unlock()
	switch {
	case acc == nil:
		a.refuse(dead, Broke, "C §10.5 scope", "the scope's account does not exist")
		return false
	case conn == nil:
		// It may have been disconnected behind the client's back.
		a.refuse(dead, Refused, "C §10.5 scope", "the account is not connected")
		return false
	}
	return true
}

// decode is check 6, as far as the shape says it.
func (a *amojoCall) decode(v any) bool {
	tree, err := readTree(a.body)
	if err == nil {
		if a.vars.NullTolerated {
			dropNulls(tree)
		}
		err = fill(reflect.ValueOf(v).Elem(), tree, "", a.vars.IgnoreUnknownFields)
	}
	if err != nil {
		a.bad("C §10.6 body", err.Error())
	}
	return err == nil
}

// bad answers 400 for a broken rule.
func (a *amojoCall) bad(rule, detail string) { a.refuse(http.StatusBadRequest, Broke, rule, detail) }

// amojoError is the shape of C §3, which is not documented: clients must not
// depend on it.
type amojoError struct {
	Code        int    `json:"error_code"`
	Type        string `json:"error_type"`
	Description string `json:"error_description"`
}

func (a *amojoCall) refuse(status int, verdict, rule, detail string) {
	a.verdict(verdict, rule, detail)
	switch a.vars.ErrorBody {
	case "empty":
		a.w.WriteHeader(status)
	case "html":
		a.w.Header().Set("Content-Type", "text/html")
		a.w.WriteHeader(status)
		_, _ = a.w.Write([]byte("<html><body><h1>" + http.StatusText(status) + "</h1></body></html>")) // the client may have gone
	case "other":
		a.json(status, "application/json", map[string]any{"errors": []string{detail}})
	default:
		a.json(status, "application/json", amojoError{status, strings.ToUpper(strings.ReplaceAll(http.StatusText(status), " ", "_")), detail})
	}
}

// ok answers; a nil value means an empty body.
func (a *amojoCall) ok(status int, v any) {
	if a.after != nil {
		a.after()
	}
	if !a.s.wait(a.r.Context(), time.Duration(a.faults.AmojoDelayMS)*time.Millisecond) {
		return
	}
	if v == nil {
		a.w.WriteHeader(status)
		return
	}
	a.json(status, "application/json", v)
}

// kommoEmpty is the body of answers that are empty at amoCRM and {} at Kommo.
func (a *amojoCall) kommoEmpty() any {
	if a.zone.Product == ProductKommo {
		return struct{}{}
	}
	return nil
}
