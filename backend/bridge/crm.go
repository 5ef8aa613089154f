package bridge

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/amojo"
	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// CRM does for the account service what it asks of OAuth, of API v4 and of the
// connecting part of the Chats API, and turns their errors into faults.
type CRM struct {
	products Products
	api      *amocrm.Client
	chats    *amojo.Client
}

// NewCRM wires a CRM.
func NewCRM(p Products, api *amocrm.Client, chats *amojo.Client) *CRM {
	return &CRM{products: p, api: api, chats: chats}
}

// at finds the product and the address of an account within its zones.
func (c *CRM) at(product, host string) (Product, amocrm.Address, error) {
	p, ok := c.products.byName[product]
	if !ok {
		return Product{}, amocrm.Address{}, fault.New(fault.Internal, "internal")
	}
	at, err := p.OAuth.Address(host)
	if err != nil {
		return p, at, fault.Wrap(fault.Invalid, "invalid_request", err)
	}
	return p, at, nil
}

// Host takes an account's address from an untrusted value.
func (c *CRM) Host(product, referer string) (string, bool) {
	_, at, err := c.at(product, referer)
	return at.Host(), err == nil
}

// ConsentURL is the page where an admin grants access; "" for an unknown product.
func (c *CRM) ConsentURL(product, state string) string {
	return c.products.byName[product].OAuth.Consent(state)
}

// DisabledSigned checks the signature of a disable hook (W §8.7).
func (c *CRM) DisabledSigned(product, clientUUID string, id chatid.CRMAccountID, signature string) bool {
	return amocrm.VerifyDisabled(c.products.byName[product].OAuth.Secrets, clientUUID, id, signature)
}

// Exchange exchanges an authorisation code.
func (c *CRM) Exchange(ctx context.Context, product, host, code string) (account.Tokens, error) {
	p, at, err := c.at(product, host)
	if err != nil {
		return account.Tokens{}, err
	}
	t, err := c.api.ExchangeCode(ctx, p.OAuth, at, code)
	return account.Tokens(t), grantFault(err)
}

// Refresh exchanges a refresh token, which works once.
func (c *CRM) Refresh(ctx context.Context, product, host, refresh string) (account.Tokens, error) {
	p, at, err := c.at(product, host)
	if err != nil {
		return account.Tokens{}, err
	}
	t, err := c.api.Refresh(ctx, p.OAuth, at, refresh)
	return account.Tokens(t), grantFault(err)
}

// CurrentHost asks for the present address of a renamed account, at the address
// that its token names if there is one (W §8.6).
func (c *CRM) CurrentHost(ctx context.Context, product, host string, t account.Tokens) (string, error) {
	p, at, err := c.at(product, host)
	if err != nil {
		return "", err
	}
	var now amocrm.Address
	err = amocrm.ErrAddress
	if named, ok := p.OAuth.APIAddress(t.Access); ok {
		now, err = c.api.CurrentAddress(ctx, p.OAuth, named, t.Refresh)
	}
	if api, answered := errors.AsType[*amocrm.APIError](err); err != nil && (!answered || !api.Unauthorized()) {
		now, err = c.api.CurrentAddress(ctx, p.OAuth, at, t.Refresh)
	}
	return now.Host(), grantFault(err)
}

// Info reads the account of a token.
func (c *CRM) Info(ctx context.Context, product, host, access string) (account.Info, error) {
	_, at, err := c.at(product, host)
	if err != nil {
		return account.Info{}, err
	}
	a, err := c.api.Account(ctx, at, access)
	if err != nil {
		return account.Info{}, crmFault(err)
	}
	return account.Info{CRMID: a.ID, AmojoID: a.AmojoID, Host: at.Host(), Name: a.Name, CurrentUser: a.CurrentUser}, nil
}

// TokenEnds reads when a token says that it ends.
func (c *CRM) TokenEnds(access string) (time.Time, error) { return amocrm.TokenEnds(access) }

// IsAdmin asks whether a user of the account is an administrator.
func (c *CRM) IsAdmin(ctx context.Context, product, host, access string, user chatid.CRMUserID) (bool, error) {
	_, at, err := c.at(product, host)
	if err != nil {
		return false, err
	}
	u, err := c.api.User(ctx, at, access, user)
	if errors.Is(err, amocrm.ErrNotFound) {
		return false, nil
	}
	return u.IsAdmin, crmFault(err)
}

// EnsureSource makes the lead source of an online chat, or finds the one that
// was made before. Without "multiple sources" the CRM keeps one of its own.
func (c *CRM) EnsureSource(ctx context.Context, product, host, access, name, externalID string, pipeline chatid.PipelineID) (chatid.SourceID, error) {
	p, at, err := c.at(product, host)
	if err != nil || !p.MultipleSources {
		return 0, err
	}
	known, err := c.api.Sources(ctx, at, access, externalID)
	if err != nil {
		return 0, crmFault(err)
	}
	for _, s := range known {
		if s.ExternalID == externalID {
			return s.ID, nil
		}
	}
	made, err := c.api.CreateSources(ctx, at, access, amocrm.Source{
		Name: name, ExternalID: externalID, Pipeline: pipeline, OriginCode: p.ChannelCode,
	})
	if err != nil {
		return 0, crmFault(err)
	}
	if len(made) == 0 {
		return 0, fault.New(fault.Unavailable, "crm_unavailable")
	}
	return made[0].ID, nil
}

// Connect connects the account to the product's channel, with v2 hooks.
func (c *CRM) Connect(ctx context.Context, product string, a chatid.AmojoID) (chatid.ScopeID, error) {
	p := c.products.byName[product]
	conn, err := c.chats.Connect(ctx, p.Channel, a, amojo.ConnectOptions{Title: p.Title})
	if err != nil {
		return "", channelFault(err)
	}
	if !strings.EqualFold(string(conn.ScopeID), string(chatid.Scope(p.Channel.ID, a))) {
		return "", fault.Wrap(fault.Denied, "channel_refused", errors.New("connect answered a scope of another channel or account"))
	}
	return conn.ScopeID, nil
}

// Disconnect switches the channel off for the account.
func (c *CRM) Disconnect(ctx context.Context, product string, a chatid.AmojoID) error {
	if err := c.chats.Disconnect(ctx, c.products.byName[product].Channel, a); err != nil {
		return channelFault(err)
	}
	return nil
}

// grantFault: the token address answers 400 for a dead code or refresh token.
func grantFault(err error) error {
	if api, ok := errors.AsType[*amocrm.APIError](err); ok && (api.Status == http.StatusBadRequest || api.Status == http.StatusUnauthorized) {
		return fault.Wrap(fault.Unauthenticated, "crm_unauthorised", err)
	}
	return crmFault(err)
}

// crmFault sorts the errors of API v4 by what the admin can do.
func crmFault(err error) error {
	switch api, answered := errors.AsType[*amocrm.APIError](err); {
	case err == nil:
		return nil
	case answered && api.Unauthorized():
		return fault.Wrap(fault.Unauthenticated, "crm_unauthorised", err)
	case answered && moved(api.Status):
		err = errors.Join(account.ErrMoved, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Timeout, "crm_timeout", err)
	}
	return fault.Wrap(fault.Unavailable, "crm_unavailable", err)
}

// moved tells the answers that the former address of a renamed account may
// give; which one it is, is not documented.
func moved(status int) bool {
	return status/100 == 3 || status == http.StatusForbidden || status == http.StatusNotFound || status == http.StatusGone
}

// channelFault does the same for the chats service.
func channelFault(err error) error {
	switch api, answered := errors.AsType[*amojo.APIError](err); {
	case answered && api.Status == http.StatusForbidden:
		return fault.Wrap(fault.Denied, "channel_private", err)
	case answered && !api.Temporary():
		return fault.Wrap(fault.Denied, "channel_refused", err)
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Timeout, "crm_timeout", err)
	}
	return fault.Wrap(fault.Unavailable, "crm_unavailable", err)
}
