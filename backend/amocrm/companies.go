package amocrm

import (
	"context"
	"net/http"
	"time"
)

// CompanyID names a company in API v4.
type CompanyID int64

// Company is the card that the CRM keeps about a company.
type Company struct {
	ID        CompanyID
	Name      string
	CreatedAt time.Time
}

type wireCompany struct {
	ID        CompanyID `json:"id"`
	Name      string    `json:"name"`
	CreatedAt int64     `json:"created_at"`
}

func (w wireCompany) company() Company { return Company{w.ID, w.Name, unix(w.CreatedAt)} }

const companiesPath = "/api/v4/companies"

// CreateCompany makes one card. A repeat makes another one.
//
// Source: API v4 reference, "adding companies".
func (c *Client) CreateCompany(ctx context.Context, at Address, access, name string) (CompanyID, error) {
	const op = "create company"
	type item struct {
		Name string `json:"name"`
	}
	made, _, err := list[wireID[CompanyID]](ctx, c, at, access, "companies", request{op: op, method: http.MethodPost, path: companiesPath, body: []item{{name}}})
	switch {
	case err != nil:
		return 0, err
	case len(made) != 1 || made[0].ID <= 0:
		return 0, errEmpty(op, "company")
	}
	return made[0].ID, nil
}

// Company reads one card; ErrNotFound if it is not there.
func (c *Client) Company(ctx context.Context, at Address, access string, id CompanyID) (Company, error) {
	const op = "read company"
	w, err := one[wireCompany](ctx, c, at, access, get(op, below(companiesPath, id), ""))
	if err == nil && w.ID != id {
		err = errEmpty(op, "company of that id")
	}
	if err != nil {
		return Company{}, err
	}
	return w.company(), nil
}

// FindCompanies searches the cards as FindContacts does contacts.
func (c *Client) FindCompanies(ctx context.Context, at Address, access, query string) ([]Company, error) {
	r := get("find companies", companiesPath, "").page(1, maxFound)
	r.query.Set("query", query)
	items, _, err := list[wireCompany](ctx, c, at, access, "companies", r)
	return convert(items, err, wireCompany.company)
}
