package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
)

const (
	maxSources      = 100 // per integration (C §5.1)
	maxSourcesBatch = 50
)

// sourceID36 is C §7.1.
var sourceID36 = regexp.MustCompile(`^[ -~]{1,36}$`)

type newSourceIn struct {
	Name       string `json:"name" need:"true"`
	ExternalID string `json:"external_id" need:"true"`
	PipelineID int64  `json:"pipeline_id"`
	Default    bool   `json:"default"`
	OriginCode string `json:"origin_code" null:"true"`
	Services   []any  `json:"services"`
	RequestID  string `json:"request_id"`
}

type sourceChangeIn struct {
	ID         int64   `json:"id"`
	Name       *string `json:"name"`
	PipelineID *int64  `json:"pipeline_id"`
	Default    *bool   `json:"default"`
	OriginCode *string `json:"origin_code" null:"true"`
	Services   *[]any  `json:"services"`
	RequestID  string  `json:"request_id"`
}

// mine lists the sources of the token's integration in the account. s.mu is held.
func (a *apiCall) mine() []*Source {
	var out []*Source
	for _, x := range a.s.st.Sources {
		if x.Account == a.acc.ID && x.ClientUUID == a.token.ClientUUID {
			out = append(out, x)
		}
	}
	return out
}

func (a *apiCall) sourceModel(x Source, requestID string) map[string]any {
	out := map[string]any{
		"id": x.ID, "name": x.Name, "pipeline_id": x.PipelineID, "external_id": x.ExternalID, "default": x.Default,
		"origin_code": nil, "services": append([]any{}, x.Services...), "_links": a.self(fmt.Sprintf("/api/v4/sources/%d", x.ID)),
	}
	if x.OriginCode != "" {
		out["origin_code"] = x.OriginCode
	}
	if requestID != "" {
		out["request_id"] = requestID
	}
	return out
}

func (a *apiCall) answerSources(list []Source, requestIDs []string) {
	models := make([]map[string]any, len(list))
	for i, x := range list {
		id := ""
		if requestIDs != nil {
			id = requestIDs[i]
		}
		models[i] = a.sourceModel(x, id)
	}
	a.json(http.StatusOK, halJSON, map[string]any{"_total_items": len(list), "_embedded": map[string]any{"sources": models}})
}

func (a *apiCall) badSources(index int, code, path, detail string) {
	a.invalid("C §7.1 sources", index, code, path, detail)
}

func (a *apiCall) listSources() {
	wanted := a.query("filter[external_id]")
	var out []Source
	a.s.mu.Lock()
	for _, x := range a.mine() {
		if len(wanted) == 0 || slices.Contains(wanted, x.ExternalID) {
			out = append(out, *x)
		}
	}
	a.s.mu.Unlock()
	if len(out) == 0 {
		a.w.WriteHeader(http.StatusNoContent)
		return
	}
	a.answerSources(out[:min(len(out), 100)], nil)
}

func (a *apiCall) oneSource() {
	a.s.mu.Lock()
	x := find(a.mine(), func(x *Source) bool { return x.ID == a.pathID() })
	var out Source
	if x != nil {
		out = *x
	}
	a.s.mu.Unlock()
	if x == nil {
		a.w.WriteHeader(http.StatusNoContent)
		return
	}
	a.json(http.StatusOK, halJSON, a.sourceModel(out, ""))
}

func (a *apiCall) addSources() {
	in, ok := decodeBatch[newSourceIn](a, "C §7.1 sources", maxSourcesBatch)
	if !ok {
		return
	}
	s := a.s
	s.mu.Lock()
	if !s.registered(a.token.ClientUUID) {
		s.mu.Unlock()
		a.problem(http.StatusForbidden, Refused, "C §7.1 registration", "no channel is registered with this integration, or it has no widget")
		return
	}
	mine, limit := a.mine(), cmp.Or(s.st.Variants.SourceLimit, maxSources)
	for i, n := range in {
		code, path, detail := "", "", ""
		switch {
		case !sourceID36.MatchString(n.ExternalID):
			code, path, detail = "InvalidValue", "external_id", "external_id takes 1 to 36 printable ASCII characters"
		case find(mine, func(x *Source) bool { return x.ExternalID == n.ExternalID }) != nil,
			slices.ContainsFunc(in[:i], func(o newSourceIn) bool { return o.ExternalID == n.ExternalID }):
			code, path, detail = "NotUnique", "external_id", "external_id is taken"
		case n.PipelineID != 0 && !a.hasPipeline(n.PipelineID):
			code, path, detail = "NotFound", "pipeline_id", "no such pipeline"
		case len(mine)+len(in) > limit:
			code, detail = "TooMany", fmt.Sprintf("an integration has at most %d sources", limit)
		}
		if detail != "" {
			s.mu.Unlock()
			a.badSources(i, code, path, detail)
			return
		}
	}
	var out []Source
	var ids []string
	for i, n := range in {
		x := &Source{
			ID: s.nextID(), Account: a.acc.ID, ClientUUID: a.token.ClientUUID, Name: n.Name, ExternalID: n.ExternalID,
			PipelineID: n.PipelineID, OriginCode: n.OriginCode, Services: n.Services,
		}
		if x.PipelineID == 0 {
			x.PipelineID = a.acc.pipelineOfChoice(s.st.Variants.SourcePipelineLast)
		}
		s.st.Sources = append(s.st.Sources, x)
		if n.Default {
			s.makeDefault(x)
		}
		out, ids = append(out, *x), append(ids, cmp.Or(n.RequestID, strconv.Itoa(i)))
	}
	s.touch()
	s.mu.Unlock()
	a.answerSources(out, ids)
}

func (a *apiCall) hasPipeline(id int64) bool {
	return slices.ContainsFunc(a.acc.Pipelines, func(p Pipeline) bool { return p.ID == id })
}

// pipelineOfChoice is the pipeline of a source made without one: which, is not
// documented (C §7.1), so the main one or the last.
func (a *Account) pipelineOfChoice(last bool) (id int64) {
	for _, p := range a.Pipelines {
		if !p.Archived && (id == 0 || last) {
			id = p.ID
		}
	}
	return id
}

// registered tells whether the integration may use sources at all: a widget
// with a code, and a channel that knows the integration (C §7.1). s.mu is held.
func (s *Server) registered(client string) bool {
	app := s.integration(client)
	return app != nil && app.WidgetCode != "" && find(s.st.Channels, func(c *Channel) bool { return c.ClientUUID == client }) != nil
}

// makeDefault leaves one default source per integration and account. s.mu is held.
func (s *Server) makeDefault(x *Source) {
	for _, o := range s.st.Sources {
		if o.Account == x.Account && o.ClientUUID == x.ClientUUID {
			o.Default = o == x
		}
	}
}

func (a *apiCall) changeSources() {
	if in, ok := decodeBatch[sourceChangeIn](a, "C §7.1 sources", maxSourcesBatch); ok {
		a.change(in, false)
	}
}

func (a *apiCall) changeSource() {
	var in sourceChangeIn
	if err := decodeStrict(a.body, &in); err != nil {
		a.badSources(0, "InvalidType", "", err.Error())
		return
	}
	in.ID = a.pathID()
	a.change([]sourceChangeIn{in}, true)
}

func (a *apiCall) change(in []sourceChangeIn, single bool) {
	s := a.s
	s.mu.Lock()
	found := make([]*Source, len(in))
	for i, n := range in {
		found[i] = find(a.mine(), func(x *Source) bool { return x.ID == n.ID })
		code, path, detail := "", "", ""
		switch {
		case found[i] == nil:
			code, path, detail = "EntityNotFound", "id", fmt.Sprintf("source with id = %d not found", n.ID)
		case n.Name != nil && *n.Name == "":
			code, path, detail = "InvalidValue", "name", "name must not be empty"
		case n.PipelineID != nil && !a.hasPipeline(*n.PipelineID):
			code, path, detail = "NotFound", "pipeline_id", "no such pipeline"
		}
		if detail != "" {
			s.mu.Unlock()
			a.badSources(i, code, path, detail)
			return
		}
	}
	var out []Source
	var ids []string
	for i, n := range in {
		x := found[i]
		if n.Name != nil {
			x.Name = *n.Name
		}
		if n.PipelineID != nil {
			x.PipelineID = *n.PipelineID
		}
		if n.OriginCode != nil {
			x.OriginCode = *n.OriginCode
		}
		if n.Services != nil {
			x.Services = *n.Services
		}
		if n.Default != nil {
			if x.Default = *n.Default; x.Default {
				s.makeDefault(x)
			}
		}
		out, ids = append(out, *x), append(ids, cmp.Or(n.RequestID, strconv.Itoa(i)))
	}
	s.touch()
	s.mu.Unlock()
	if single {
		a.json(http.StatusOK, halJSON, a.sourceModel(out[0], in[0].RequestID))
		return
	}
	a.answerSources(out, ids)
}

func (a *apiCall) deleteSources() {
	type one struct {
		ID int64 `json:"id" need:"true"`
	}
	in, ok := decodeBatch[one](a, "C §7.1 sources", maxSourcesBatch)
	if !ok {
		return
	}
	s := a.s
	s.mu.Lock()
	var missing []any
	for i, n := range in {
		if find(a.mine(), func(x *Source) bool { return x.ID == n.ID }) == nil {
			missing = append(missing, map[string]any{"request_id": strconv.Itoa(i), "errors": map[string]any{
				"code": "EntityNotFound", "path": "id", "detail": fmt.Sprintf("source with id = %d not found", n.ID),
			}})
		}
	}
	if missing == nil {
		for _, n := range in {
			s.dropSource(n.ID)
		}
	}
	s.mu.Unlock()
	if missing != nil {
		problem(a.call, http.StatusBadRequest, Refused, "C §7.1 sources", "Invalid request items", map[string]any{"errors": missing})
		return
	}
	a.w.WriteHeader(http.StatusNoContent)
}

func (a *apiCall) deleteSource() {
	s, id := a.s, a.pathID()
	s.mu.Lock()
	there := find(a.mine(), func(x *Source) bool { return x.ID == id }) != nil
	if there {
		s.dropSource(id)
	}
	s.mu.Unlock()
	if !there {
		a.problem(http.StatusNotFound, Refused, "C §7.1 sources", "no such source")
		return
	}
	a.w.WriteHeader(http.StatusNoContent)
}

// dropSource needs s.mu. No other source becomes the default one (W §7.3).
func (s *Server) dropSource(id int64) {
	s.st.Sources = slices.DeleteFunc(s.st.Sources, func(x *Source) bool { return x.ID == id })
	s.touch()
}

// autoSource makes the source that the CRM itself makes for a widget: default,
// external id = widget code; none when the integration declared "multiple
// sources" (W §7.3). s.mu is held.
func (s *Server) autoSource(acc *Account, app *Integration, pipeline int64) {
	if app.MultipleSources || app.WidgetCode == "" {
		return
	}
	x := find(s.st.Sources, func(x *Source) bool {
		return x.Account == acc.ID && x.ClientUUID == app.ClientUUID && x.ExternalID == app.WidgetCode
	})
	if x == nil {
		x = &Source{ID: s.nextID(), Account: acc.ID, ClientUUID: app.ClientUUID, Name: app.Name, ExternalID: app.WidgetCode}
		s.st.Sources = append(s.st.Sources, x)
	}
	x.PipelineID = pipeline
	s.makeDefault(x)
	s.touch()
}
