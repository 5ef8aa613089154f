package sandbox

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	halJSON     = "application/hal+json"
	problemJSON = "application/problem+json"
)

// apiCall is a request to one account's host: OAuth or API v4.
type apiCall struct {
	*call
	acc   *Account
	token token // of API v4
	user  User  // of the token
}

type apiKey struct{}

// accountRoutes lists what an account's host answers to programs.
func (s *Server) accountRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	open := func(pattern string, h func(*apiCall)) {
		mux.HandleFunc(pattern, func(_ http.ResponseWriter, r *http.Request) {
			a := r.Context().Value(apiKey{}).(*apiCall)
			a.r = r
			h(a)
		})
	}
	api := func(pattern string, admin bool, h func(*apiCall)) {
		open(pattern, func(a *apiCall) {
			if a.authorise(admin) {
				h(a)
			}
		})
	}
	open("POST /oauth2/access_token", (*apiCall).accessToken)
	open("GET /oauth2/account/current/subdomain", func(a *apiCall) { a.subdomain(a.acc.Product) })
	api("GET /api/v4/account", false, (*apiCall).accountInfo)
	api("GET /api/v4/users", true, (*apiCall).users)
	api("GET /api/v4/users/{id}", true, (*apiCall).oneUser)
	api("GET /api/v4/sources", true, (*apiCall).listSources)
	api("POST /api/v4/sources", true, (*apiCall).addSources)
	api("PATCH /api/v4/sources", true, (*apiCall).changeSources)
	api("DELETE /api/v4/sources", true, (*apiCall).deleteSources)
	api("GET /api/v4/sources/{id}", true, (*apiCall).oneSource)
	api("PATCH /api/v4/sources/{id}", true, (*apiCall).changeSource)
	api("DELETE /api/v4/sources/{id}", true, (*apiCall).deleteSource)
	api("GET /api/v4/contacts", false, (*apiCall).listContacts)
	api("POST /api/v4/contacts", false, func(a *apiCall) { a.addCards(CardContacts, ruleContacts) })
	api("POST /api/v4/leads", false, func(a *apiCall) { a.addCards(CardLeads, ruleLeads) })
	api("GET /api/v4/companies", false, (*apiCall).listCompanies)
	api("POST /api/v4/companies", false, (*apiCall).addCompanies)
	api("GET /api/v4/companies/{id}", false, (*apiCall).oneCompany)
	api("GET /api/v4/contacts/{id}", false, (*apiCall).oneContact)
	for _, card := range []string{CardLeads, CardContacts} {
		api("PATCH /api/v4/"+card+"/{id}", false, func(a *apiCall) { a.changeCard(card) })
		api("POST /api/v4/"+card+"/{id}/notes", false, func(a *apiCall) { a.addNotes(card) })
		api("POST /api/v4/"+card+"/{id}/link", false, func(a *apiCall) { a.linkCard(card) })
	}
	for _, card := range []string{CardLeads, CardContacts, CardCustomers} {
		api("GET /api/v4/"+card+"/custom_fields", false, func(a *apiCall) { a.listFields(card) })
	}
	api("GET /api/v4/customers", false, (*apiCall).listCustomers)
	api("GET /api/v4/contacts/chats", true, (*apiCall).listLinks)
	api("POST /api/v4/contacts/chats", true, (*apiCall).addLinks)
	api("GET /api/v4/leads", false, (*apiCall).listLeads)
	api("GET /api/v4/leads/{id}", false, (*apiCall).oneLead)
	api("GET /api/v4/leads/pipelines", false, (*apiCall).listPipelines)
	api("GET /api/v4/leads/unsorted", false, (*apiCall).listUnsorted)
	api("GET /api/v4/leads/unsorted/summary", false, (*apiCall).unsortedSummary)
	// One pattern for two: the mux does not choose between "unsorted" and "notes".
	api("GET /api/v4/leads/{id}/{uid}", false, func(a *apiCall) {
		switch {
		case a.r.PathValue("id") == "unsorted":
			a.oneUnsorted()
		case a.r.PathValue("uid") == "notes":
			a.listNotes(CardLeads)
		default:
			a.problem(http.StatusNotFound, Refused, "not simulated", a.r.URL.Path)
		}
	})
	api("GET /api/v4/contacts/{id}/notes", false, func(a *apiCall) { a.listNotes(CardContacts) })
	api("POST /api/v4/leads/unsorted/{uid}/accept", false, (*apiCall).acceptUnsorted)
	api("DELETE /api/v4/leads/unsorted/{uid}/decline", false, (*apiCall).declineUnsorted)
	api("POST /api/v4/leads/unsorted/{uid}/link", false, (*apiCall).linkUnsorted)
	api("GET /api/v4/tasks", false, (*apiCall).listTasks)
	api("POST /api/v4/tasks", false, (*apiCall).addTasks)
	api("PATCH /api/v4/tasks", false, (*apiCall).changeTasks)
	api("GET /api/v4/talks", false, (*apiCall).listTalks)
	api("GET /api/v4/talks/{id}", false, (*apiCall).oneTalk)
	api("POST /api/v4/talks/{id}/close", false, (*apiCall).closeTalk)
	api("GET /api/v4/chats/templates", true, (*apiCall).listTemplates)
	api("POST /api/v4/chats/templates", true, (*apiCall).addTemplates)
	api("PATCH /api/v4/chats/templates", true, (*apiCall).changeTemplates)
	api("DELETE /api/v4/chats/templates", true, (*apiCall).deleteTemplates)
	api("GET /api/v4/chats/templates/{id}", true, (*apiCall).oneTemplate)
	api("PATCH /api/v4/chats/templates/{id}", true, (*apiCall).changeTemplate)
	api("DELETE /api/v4/chats/templates/{id}", true, (*apiCall).deleteTemplate)
	api("POST /api/v4/chats/templates/{id}/review", true, (*apiCall).askReview)
	api("POST /api/v4/chats/templates/{id}/review/{review}", true, (*apiCall).giveReview)
	api("GET /api/v4/webhooks", true, (*apiCall).listWebhooks)
	api("POST /api/v4/webhooks", true, (*apiCall).addWebhook)
	api("DELETE /api/v4/webhooks", true, (*apiCall).deleteWebhook)
	api("POST /api/v2/salesbot/run", false, (*apiCall).runSalesbots)
	api("POST /api/v4/short_links", false, (*apiCall).shortLinks)
	open("/", func(a *apiCall) {
		a.problem(http.StatusNotFound, Refused, "not simulated", a.r.Method+" "+a.r.URL.Path)
	})
	return mux
}

func (s *Server) serveAPI(c *call) {
	a := &apiCall{call: c, acc: accountOf(c.r)}
	c.account = a.acc.ID
	if !c.readBody() {
		return
	}
	s.mu.Lock()
	outage, cut, delay := a.apiOutage()
	s.mu.Unlock()
	if !s.wait(c.r.Context(), delay) {
		return
	}
	if outage != 0 {
		a.problem(outage, Faulted, "outage", "switched on")
		return
	}
	r := c.r.WithContext(withValue(c.r, apiKey{}, a))
	if cut {
		c.w = nowhere{http.Header{}}
		s.apiMux.ServeHTTP(c.w, r)
		c.cut()
	}
	s.apiMux.ServeHTTP(c.w, r)
}

// nowhere takes an answer that is lost.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

// authorise checks the bearer token; admin asks for an administrator's.
func (a *apiCall) authorise(admin bool) bool {
	bearer, ok := strings.CutPrefix(a.r.Header.Get("Authorization"), "Bearer ")
	s := a.s
	s.mu.Lock()
	t := s.st.Access[bearer]
	var wrong string
	verdict := Refused
	switch {
	case !ok:
		wrong, verdict = "Authorization: Bearer is missing", Broke
	case t == nil:
		wrong, verdict = "the access token is not known", Broke
	case t.Account != a.acc.ID:
		wrong, verdict = "the token belongs to another account", Broke
	case t.Revoked:
		wrong = "the integration was switched off"
	case s.now().After(t.ExpiresAt):
		wrong = "the access token has ended"
	}
	limited, over, odd := 0, "", s.st.Variants.SourcesGet403
	if wrong == "" {
		s.useRefresh(t.Replaces)
		a.token = *t
		if u := a.acc.user(t.User); u != nil {
			a.user = *u
		}
		if s.st.Variants.RateLimit {
			limited, over = s.admit(apiRate, apiKeys(t)...)
		}
	}
	s.mu.Unlock()
	switch {
	case wrong != "" && odd && a.r.Method == http.MethodGet && strings.HasPrefix(a.r.URL.Path, "/api/v4/sources"):
		a.problem(http.StatusForbidden, verdict, "C §7.1 authorisation", wrong)
	case wrong != "":
		a.problem(http.StatusUnauthorized, verdict, "C §7 authorisation", wrong)
	case limited == http.StatusForbidden:
		a.problem(limited, Broke, "W §8.9 blocked", "requests went on after many 429: "+over)
	case limited != 0:
		a.problem(limited, Refused, "W §8.9 rate", "more than 7 requests in a second: "+over)
	case len(a.r.Cookies()) > 0:
		a.problem(http.StatusBadRequest, Broke, "C §7.4 cookies", "API requests carry no cookies")
	case admin && !a.user.Admin:
		a.problem(http.StatusForbidden, Refused, "C §7.1 administrator", "the token's user is not an administrator")
	default:
		return true
	}
	return false
}

func (a *apiCall) problem(status int, verdict, rule, detail string) {
	problem(a.call, status, verdict, rule, detail, nil)
}

// problem answers in the form of C §7.
func problem(c *call, status int, verdict, rule, detail string, extra map[string]any) {
	c.verdict(verdict, rule, detail)
	body := map[string]any{
		"title": http.StatusText(status), "type": "https://httpstatus.es/" + strconv.Itoa(status), "status": status, "detail": detail,
	}
	for k, v := range extra {
		body[k] = v
	}
	c.json(status, problemJSON, body)
}

// origin is the account's own address.
func (a *apiCall) origin() string {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	z := a.s.zone(a.acc.Product)
	return z.Scheme + "://" + a.acc.Subdomain + "." + z.Name
}

func (a *apiCall) self(path string) map[string]any {
	return map[string]any{"self": map[string]any{"href": a.origin() + path}}
}

// with tells whether the parameter "with" names something.
func (a *apiCall) with(name string) bool {
	for part := range strings.SplitSeq(a.r.URL.Query().Get("with"), ",") {
		if strings.TrimSpace(part) == name {
			return true
		}
	}
	return false
}

func (a *apiCall) pathID() int64 {
	id, _ := strconv.ParseInt(a.r.PathValue("id"), 10, 64)
	return id
}

// accountInfo is W §8.8.
func (a *apiCall) accountInfo() {
	out := map[string]any{
		"id": a.acc.ID, "name": a.acc.Name, "subdomain": a.acc.Subdomain, "current_user_id": a.token.User, "country": a.acc.Country,
		"currency": "RUB", "customers_mode": "disabled", "is_unsorted_on": !a.acc.UnsortedOff, "is_loss_reason_enabled": false,
		"is_helpbot_enabled": false, "is_technical_account": false, "contact_name_display_order": 1, "_links": a.self("/api/v4/account"),
	}
	if a.with("amojo_id") {
		out["amojo_id"] = a.acc.AmojoID
	}
	embedded := map[string]any{}
	if a.with("amojo_rights") {
		embedded["amojo_rights"] = map[string]any{"can_direct": true, "can_create_groups": true}
	}
	if a.with("datetime_settings") {
		embedded["datetime_settings"] = a.datetime()
	}
	if a.with("task_types") {
		var types []any
		for _, t := range taskTypes {
			types = append(types, map[string]any{"id": t.id, "name": t.name, "color": nil, "icon_id": nil, "code": nil})
		}
		embedded["task_types"] = types
	}
	if len(embedded) > 0 {
		out["_embedded"] = embedded
	}
	if a.with("version") {
		out["version"] = 12
	}
	a.json(http.StatusOK, halJSON, out)
}

// datetime is datetime_settings of W §8.8.
func (a *apiCall) datetime() map[string]any {
	zone := cmp.Or(a.acc.Timezone, "Europe/Moscow")
	offset := "+00:00"
	if l, err := time.LoadLocation(zone); err == nil {
		offset = a.s.Now().In(l).Format("-07:00")
	}
	return map[string]any{
		"date_pattern": "H:i d.m.Y", "short_date_pattern": "d.m.Y", "short_time_pattern": "H:i", "date_format": "d.m.Y", "time_format": "H:i:s",
		"timezone": zone, "timezone_offset": offset,
	}
}
