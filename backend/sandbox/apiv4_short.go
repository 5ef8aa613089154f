package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
)

// shortLinks is POST /api/v4/short_links (C §7.7): one link for each contact. The
// links are not served.
func (a *apiCall) shortLinks() {
	const rule = "C §7.7 short links"
	type linkFor struct {
		URL      string `json:"url" need:"true"`
		Metadata struct {
			EntityType string `json:"entity_type" need:"true"`
			EntityID   int64  `json:"entity_id" need:"true"`
		} `json:"metadata" need:"true"`
	}
	in, ok := decodeBatch[linkFor](a, rule, maxEntities)
	if !ok {
		return
	}
	for i, n := range in {
		to, err := url.Parse(n.URL)
		a.s.mu.Lock()
		c := a.s.st.Contacts[n.Metadata.EntityID]
		known := c != nil && c.Account == a.acc.ID
		a.s.mu.Unlock()
		switch {
		case err != nil || to.Scheme != "https" && to.Scheme != "http" || to.Host == "":
			a.invalid(rule, i, "InvalidValue", "url", "url must be an absolute http or https URL")
			return
		case n.Metadata.EntityType != "contacts":
			a.invalid(rule, i, "NotSupportedChoice", "metadata.entity_type", "entity_type must be contacts")
			return
		case !known:
			a.invalid(rule, i, "NotSupportedChoice", "metadata.entity_id", "no such contact")
			return
		}
	}
	out := []map[string]any{}
	for _, n := range in {
		out = append(out, map[string]any{
			"url": fmt.Sprintf("%s/s/%x", a.origin(), n.Metadata.EntityID), "account_id": a.acc.ID,
			"metadata": map[string]any{"entity_type": "contacts", "entity_id": n.Metadata.EntityID},
		})
	}
	a.json(http.StatusOK, halJSON, map[string]any{"_total_items": len(out), "_embedded": map[string]any{"short_links": out}})
}
