package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// maxEntities is the limit of entities in one request and of most pages (W §8.9).
const maxEntities = 250

// invalid answers 400 in the form of a failed validation (C §7).
func (a *apiCall) invalid(rule string, index int, code, path, detail string) {
	problem(a.call, http.StatusBadRequest, Broke, rule, detail, map[string]any{
		"validation-errors": []any{map[string]any{"request_id": strconv.Itoa(index), "errors": []any{
			map[string]any{"code": code, "path": path, "detail": detail},
		}}},
	})
}

// decodeBatch reads an array of 1 to most objects.
func decodeBatch[T any](a *apiCall, rule string, most int) ([]T, bool) {
	var in []T
	if err := decodeStrict(a.body, &in); err != nil {
		a.invalid(rule, 0, "InvalidType", "", err.Error())
		return nil, false
	}
	if len(in) == 0 || len(in) > most {
		a.invalid(rule, 0, "WrongCount", "", fmt.Sprintf("a request takes 1 to %d items", most))
		return nil, false
	}
	return in, true
}

// decodeOne reads an object; an empty body is {} where the body is optional.
func decodeOne(a *apiCall, rule string, optional bool, v any) bool {
	if optional && len(a.body) == 0 {
		return true
	}
	if err := decodeStrict(a.body, v); err != nil {
		a.invalid(rule, 0, "InvalidType", "", err.Error())
		return false
	}
	return true
}

// query lists the values of a parameter that may be given once or as an array.
func (a *apiCall) query(name string) []string {
	q := a.r.URL.Query()
	return slices.Concat(q[name], q[name+"[]"])
}

// numbers does the same for integers. On failure it has answered 400.
func (a *apiCall) numbers(rule, name string) (out []int64, ok bool) {
	for _, v := range a.query(name) {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			a.problem(http.StatusBadRequest, Broke, rule, name+" must be an integer")
			return nil, false
		}
		out = append(out, n)
	}
	return out, true
}

// list answers one page of models: 204 when there is none.
func (a *apiCall) list(rule, name string, most int, models []map[string]any) {
	q := a.r.URL.Query()
	number := func(key string, absent, highest int) (int, bool) {
		if !q.Has(key) {
			return absent, true
		}
		n, err := strconv.Atoi(q.Get(key))
		return n, err == nil && n >= 1 && n <= highest
	}
	page, ok1 := number("page", 1, 1<<30)
	limit, ok2 := number("limit", min(50, most), most)
	if !ok1 || !ok2 {
		a.problem(http.StatusBadRequest, Broke, rule, fmt.Sprintf("page counts from 1, limit from 1 to %d", most))
		return
	}
	from := min((page-1)*limit, len(models))
	shown := models[from:min(from+limit, len(models))]
	if len(shown) == 0 {
		a.w.WriteHeader(http.StatusNoContent)
		return
	}
	links := map[string]any{"self": a.pageLink(q, page)}
	if from+limit < len(models) {
		links["next"] = a.pageLink(q, page+1)
	}
	if page > 1 {
		links["prev"] = a.pageLink(q, page-1)
	}
	a.json(http.StatusOK, halJSON, map[string]any{"_page": page, "_links": links, "_embedded": map[string]any{name: shown}})
}

func (a *apiCall) pageLink(q url.Values, page int) map[string]any {
	q.Set("page", strconv.Itoa(page))
	return map[string]any{"href": a.origin() + a.r.URL.Path + "?" + q.Encode()}
}
