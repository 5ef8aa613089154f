package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxBody        = 1 << 20 // of a request to the sandbox
	maxTraffic     = 2000    // entries kept
	maxLoggedBytes = 8 << 10 // of each body in an entry
	maxHooks       = 20000   // hook records kept
	maxBreaches    = 5000
)

// Verdicts of the traffic log.
const (
	Passed  = "passed"  // all rules kept
	Broke   = "broke"   // the client broke Rule; also a breach
	Refused = "refused" // refused without fault of the client (expired token, repeated msgid)
	Faulted = "fault"   // answered by a fault that is switched on
)

// Exchange is one request that the sandbox received, with the rule that it
// passed or broke.
type Exchange struct {
	ID         int64     `json:"id"`
	At         time.Time `json:"at"`
	Area       string    `json:"area"` // amojo, api, oauth, consent
	Host       string    `json:"host"`
	Method     string    `json:"method"`
	Path       string    `json:"path"`
	Query      string    `json:"query,omitempty"`
	Status     int       `json:"status"` // 0: connection cut
	DurationMS int64     `json:"duration_ms"`
	Verdict    string    `json:"verdict"`
	Rule       string    `json:"rule,omitempty"`
	Detail     string    `json:"detail,omitempty"`
	Body       string    `json:"body,omitempty"`
	Answer     string    `json:"answer,omitempty"`
}

// traffic is a ring of the latest exchanges.
type traffic struct {
	last int64
	ring []Exchange
}

func (t *traffic) add(e Exchange) {
	t.ring = append(t.ring, e)
	if len(t.ring) > maxTraffic+maxTraffic/4 { // cut rarely, in one go
		t.ring = append([]Exchange(nil), t.ring[len(t.ring)-maxTraffic:]...)
	}
}

// call is one request on its way through the sandbox.
type call struct {
	s       *Server
	w       http.ResponseWriter
	r       *http.Request
	body    []byte
	entry   Exchange
	account int64
	answer  bytes.Buffer
	answers bool // the body of the answer may be logged
}

// logged runs h and writes the exchange down, also when h cuts the connection.
func (s *Server) logged(area string, w http.ResponseWriter, r *http.Request, h func(*call)) {
	began := time.Now()
	s.mu.Lock()
	s.traffic.last++
	c := &call{s: s, r: r, answers: area == "amojo" || area == "api", entry: Exchange{
		ID: s.traffic.last, At: s.now(), Area: area, Host: r.Host, Method: r.Method, Path: r.URL.Path,
		Query: maskedQuery(r.URL.Query()), Verdict: Passed,
	}}
	s.mu.Unlock()
	c.w = &recorder{ResponseWriter: w, c: c}
	if strings.HasPrefix(r.URL.Path, "/oauth2/") {
		c.answers = false // secrets both ways
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		c.entry.DurationMS = time.Since(began).Milliseconds()
		if c.answers {
			c.entry.Body, c.entry.Answer = short(c.body), short(c.answer.Bytes())
		}
		s.traffic.add(c.entry)
		s.touch()
	}()
	h(c)
}

// readBody reads a bounded body once. On failure it has answered 413.
func (c *call) readBody() bool {
	b, err := io.ReadAll(io.LimitReader(c.r.Body, maxBody+1))
	if err != nil {
		panic(http.ErrAbortHandler) // the client went away
	}
	if len(b) > maxBody {
		c.verdict(Broke, "body size", "more than 1 MiB")
		c.w.WriteHeader(http.StatusRequestEntityTooLarge)
		return false
	}
	c.body = b
	return true
}

// verdict notes how the request is judged; Broke also makes a breach.
func (c *call) verdict(verdict, rule, detail string) {
	c.entry.Verdict, c.entry.Rule, c.entry.Detail = verdict, rule, detail
	if verdict == Broke {
		c.s.mu.Lock()
		c.s.breach(c.account, rule, detail, c.entry.ID)
		c.s.mu.Unlock()
	}
}

// json answers with a value.
func (c *call) json(status int, contentType string, v any) {
	c.w.Header().Set("Content-Type", contentType)
	c.w.WriteHeader(status)
	_, _ = c.w.Write(marshal(v)) // the client may have gone
}

// cut closes the connection without an answer.
func (c *call) cut() {
	c.entry.Status = 0
	panic(http.ErrAbortHandler)
}

type recorder struct {
	http.ResponseWriter
	c *call
}

func (r *recorder) WriteHeader(status int) {
	r.c.entry.Status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.c.entry.Status == 0 {
		r.c.entry.Status = http.StatusOK
	}
	if r.c.answers && r.c.answer.Len() < maxLoggedBytes {
		r.c.answer.Write(b)
	}
	return r.ResponseWriter.Write(b)
}

// breach records a broken rule. s.mu is held.
func (s *Server) breach(account int64, rule, detail string, traffic int64) {
	if len(s.st.Breaches) >= maxBreaches {
		s.st.Breaches = s.st.Breaches[1:]
	}
	s.st.Breaches = append(s.st.Breaches, &Breach{
		ID: s.nextID(), At: s.now(), Account: account, Rule: rule, Detail: detail, Traffic: traffic,
	})
	s.log.Warn("rule broken", "rule", rule, "account_id", account)
	s.touch()
}

// Breaches lists the broken rules, oldest first. A test of a whole way ends by
// failing on any.
func (s *Server) Breaches() []Breach {
	s.mu.Lock()
	defer s.mu.Unlock()
	return values(s.st.Breaches)
}

// ResetBreaches forgets the broken rules.
func (s *Server) ResetBreaches() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.st.Breaches = nil
	s.touch()
}

// Traffic lists the latest exchanges, oldest first.
func (s *Server) Traffic() []Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Exchange(nil), s.traffic.ring...)
}

// maskedQuery hides authorisation codes, the only secret that a query carries.
func maskedQuery(q url.Values) string {
	for _, k := range []string{"code", "token"} {
		if q.Has(k) {
			q.Set(k, "***")
		}
	}
	return q.Encode()
}

func short(b []byte) string {
	if len(b) > maxLoggedBytes {
		return strings.ToValidUTF8(string(b[:maxLoggedBytes]), "") + " …"
	}
	return strings.ToValidUTF8(string(b), "�")
}

// marshal writes JSON without HTML escapes and without a line feed.
func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // values are our own
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// decodeKnown reads JSON of our own interfaces, refusing unknown fields.
func decodeKnown(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}

func values[T any](list []*T) []T {
	out := make([]T, len(list))
	for i, v := range list {
		out[i] = *v
	}
	return out
}
