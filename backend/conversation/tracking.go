package conversation

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// TrackingCodes are the statistics fields of leads that a browser can tell of (O,
// TRK-1), in their order.
var TrackingCodes = []string{
	"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_referrer", "roistat", "referrer", "openstat_service",
	"openstat_campaign", "openstat_ad", "openstat_source", "from", "gclientid", "_ym_uid", "_ym_counter", "gclid", "yclid", "fbclid", "tid",
}

// Limits of tracking data, in characters.
const (
	maxTrackValue = 256
	maxTrackURL   = 1000
)

// Tracking is where a visitor came from, as the browser saw it (O §6.7): a claim, as
// everything that a browser says. It holds no address of theirs (TRK-5).
type Tracking struct {
	// First is the touch that brought them to the site the first time, Last the latest.
	First Touch `json:"first"`
	Last  Touch `json:"last"`
	// Landing is the page that they came to first, Page and Title where they wrote.
	Landing string `json:"landing,omitempty"`
	Page    string `json:"page,omitempty"`
	Title   string `json:"title,omitempty"`
	// Counters are ids of counters on the site, by codes of TrackingCodes.
	Counters map[string]string `json:"counters,omitempty"`
	// VisitorUID is that of the CRM's own pixel (VIS-4).
	VisitorUID string `json:"visitor_uid,omitempty"`
}

// Touch is one coming to the site.
type Touch struct {
	// Query are parameters of the page's address, by codes of TrackingCodes.
	Query map[string]string `json:"query,omitempty"`
	// Referrer is origin and path of the page before.
	Referrer string `json:"referrer,omitempty"`
}

// Empty tells that nothing is known.
func (t Tracking) Empty() bool {
	return len(t.First.Query)+len(t.Last.Query)+len(t.Counters) == 0 && t.First.Referrer+t.Last.Referrer+t.Landing+t.Page+t.Title+t.VisitorUID == ""
}

// Referrer is the page before the latest touch, or before the first one.
func (t Tracking) Referrer() string {
	if t.Last.Referrer != "" {
		return t.Last.Referrer
	}
	return t.First.Referrer
}

// Fields gives the values of statistics fields by code: of the latest touch that
// says anything, of the first where it does not, and of the counters.
func (t Tracking) Fields() map[string]string {
	out := map[string]string{}
	maps.Copy(out, t.Counters)
	query := t.Last.Query
	if len(query) == 0 {
		query = t.First.Query
	}
	maps.Copy(out, query)
	if out["referrer"] == "" && t.Referrer() != "" {
		out["referrer"] = t.Referrer()
	}
	return out
}

// clean keeps what tracking data may hold, and cuts it.
func (t Tracking) clean() Tracking {
	return Tracking{
		First: t.First.clean(), Last: t.Last.clean(), Landing: webAddress(t.Landing, true), Page: webAddress(t.Page, true),
		Title: line(t.Title, maxTrackValue), Counters: known(t.Counters), VisitorUID: line(t.VisitorUID, 64),
	}
}

func (t Touch) clean() Touch { return Touch{known(t.Query), webAddress(t.Referrer, false)} }

// known keeps the values whose codes are known, in lower case.
func known(values map[string]string) map[string]string {
	var out map[string]string
	for code, v := range values {
		code, v = strings.ToLower(code), line(v, maxTrackValue)
		if v == "" || !slices.Contains(TrackingCodes, code) {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[code] = v
	}
	return out
}

// webAddress keeps origin and path of an address, and its query if that is asked
// for; never user names or fragments, which may hold secrets.
func webAddress(s string, query bool) string {
	u, err := url.Parse(line(s, 4*maxTrackURL))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	short := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if query {
		short.RawQuery = u.RawQuery
	}
	return line(short.String(), maxTrackURL)
}
