package sandbox

import (
	"fmt"
	"net/http"
)

// listPipelines gives all lead pipelines of the account with their stages, in one
// answer and to every user's token (API v4 reference, "pipelines list").
func (a *apiCall) listPipelines() {
	list := []map[string]any{}
	for i, p := range a.acc.Pipelines {
		path := fmt.Sprintf("/api/v4/leads/pipelines/%d", p.ID)
		statuses := []map[string]any{}
		for n, st := range p.Stages {
			statuses = append(statuses, map[string]any{
				"id": st.ID, "name": st.Name, "sort": 10 * (n + 1), "is_editable": st.Kind == "", "pipeline_id": p.ID,
				"account_id": a.acc.ID, "_links": a.self(fmt.Sprintf("%s/statuses/%d", path, st.ID)),
			})
		}
		list = append(list, map[string]any{
			"id": p.ID, "name": p.Name, "sort": i + 1, "is_main": i == 0, "is_unsorted_on": !a.acc.UnsortedOff, "is_archive": p.Archived,
			"account_id": a.acc.ID, "_links": a.self(path), "_embedded": map[string]any{"statuses": statuses},
		})
	}
	a.json(http.StatusOK, halJSON, map[string]any{
		"_total_items": len(list), "_links": a.self("/api/v4/leads/pipelines"), "_embedded": map[string]any{"pipelines": list},
	})
}
