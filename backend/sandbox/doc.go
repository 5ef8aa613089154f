// Package sandbox is a local, stricter stand-in for amoCRM and Kommo: the chats
// service (amojo), OAuth, API v4, the operator's inbox and the hooks that the
// real thing sends. It is a tool of its own for anybody who writes a chat
// channel or a client of these interfaces; README.md tells how to point one at
// it and documents the control API.
//
// One Server answers for all names of its zones:
//
//	amojo.<zone>       Chats API
//	www.<zone>         consent page
//	api-b.<zone>       the address book of renamed accounts (api_domain)
//	<subdomain>.<zone> one account: OAuth, API v4, /inbox/, its pages
//	localhost, 127.*   control API and dashboard
//
// The package shares no code with the program that it tests: signatures and
// tokens are computed here once more, so that one mistake cannot hide in both.
//
// In a test:
//
//	box := sandbox.New(sandbox.Config{Zones: ..., Accounts: ..., Transport: rt})
//	defer box.Close()
//	srv := httptest.NewTLSServer(box) // names mapped by the client's dialer
//	...
//	err := box.WaitFor(ctx, func() bool { return len(box.Messages(31000001)) == 1 })
package sandbox
