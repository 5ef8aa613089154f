package media

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"testing"
)

// The list is of ranges that IANA's registries and the clouds' manuals name.
func TestOnlyPublicAddressesAreCalled(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		address string
		want    bool
	}{
		{"93.184.215.14", true}, {"8.8.8.8", true}, {"172.15.255.255", true}, {"172.32.0.0", true}, {"100.63.255.255", true},
		{"100.128.0.0", true}, {"192.167.255.255", true}, {"11.0.0.0", true}, {"223.255.255.255", true}, {"168.63.129.17", true},
		{"2606:2800:21f:cb07:6820:80da:af6b:8b2c", true}, {"2a00:1450:4001::1", true}, {"::ffff:8.8.8.8", true}, {"64:ff9b::808:808", true},
		{"127.0.0.1", false}, {"127.255.255.254", false}, {"0.0.0.0", false}, {"0.1.2.3", false}, {"10.0.0.1", false}, {"10.255.255.255", false},
		{"172.16.0.1", false}, {"172.31.255.255", false}, {"192.168.0.1", false}, {"169.254.169.254", false}, {"100.64.0.1", false},
		{"100.100.100.200", false}, {"100.127.255.255", false}, {"168.63.129.16", false}, {"192.0.0.192", false}, {"192.0.2.1", false},
		{"198.18.0.1", false}, {"198.19.255.255", false}, {"198.51.100.1", false}, {"203.0.113.1", false}, {"224.0.0.1", false},
		{"239.255.255.255", false}, {"240.0.0.1", false}, {"255.255.255.255", false}, {"192.88.99.1", false},
		{"::", false}, {"::1", false}, {"::ffff:127.0.0.1", false}, {"::ffff:10.0.0.1", false}, {"::ffff:169.254.169.254", false}, {"::127.0.0.1", false},
		{"fe80::1", false}, {"fe80::1%eth0", false}, {"2606:2800::1%eth0", false}, {"fc00::1", false}, {"fd00:ec2::254", false}, {"ff02::1", false},
		{"fec0::1", false}, {"2001:db8::1", false}, {"2001::1", false}, {"2002:7f00:1::", false}, {"3fff::1", false}, {"64:ff9b::7f00:1", false},
		{"64:ff9b::a9fe:a9fe", false}, {"64:ff9b:1::7f00:1", false}, {"100::1", false},
	} {
		if got := public(netip.MustParseAddr(tt.address)); got != tt.want {
			t.Errorf("public(%s) = %v, want %v", tt.address, got, tt.want)
		}
	}
	if public(netip.Addr{}) {
		t.Error("no address at all counts as public")
	}
}

func TestFetchJudgesWhereANameLeads(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		host    string
		resolve []string
	}{
		{"a name of a private address", "example.com", []string{"10.0.0.7"}},
		{"a name of this machine", "example.com", []string{"127.0.0.1"}},
		{"a name of a cloud's metadata", "example.com", []string{"169.254.169.254"}},
		{"IPv4 in IPv6", "example.com", []string{"::ffff:127.0.0.1"}},
		{"one public and one private address", "example.com", []string{"93.184.215.14", "192.168.1.1"}},
		{"an address instead of a name", "127.0.0.1", nil},
		{"an IPv6 address", "[::1]", nil},
		{"an IPv6 address with IPv4 in it", "[::ffff:7f00:1]", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := serving(t, func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") })
			n.names["example.com"] = tt.resolve
			f := n.fetcher(nil)
			_, err := f.Fetch(t.Context(), "https://"+tt.host+"/a.jpg", 100)
			reason(t, err, RefusedAddress)
			_, err = f.Post(t.Context(), "https://"+tt.host+"/hook", "application/json", []byte("{}"))
			if e := failure(t, err, RefusedAddress); e.Temporary() {
				t.Error("a refused address counts as temporary")
			}
			if c := n.calls(); len(c) != 0 {
				t.Errorf("called %v", c)
			}
		})
	}
}

// A name may change between two look-ups: only the one whose result was judged
// may be used, and the next connection is judged anew.
func TestFetchCannotBeLedAstrayByANameThatChanges(t *testing.T) {
	t.Parallel()
	n := serving(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
	lookups := 0
	f := n.fetcher(func(c *FetchConfig) {
		c.Lookup = func(context.Context, string) ([]netip.Addr, error) {
			lookups++
			if lookups == 1 {
				return []netip.Addr{netip.MustParseAddr("93.184.215.14")}, nil
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
	})
	got, err := f.Fetch(t.Context(), "https://example.com/", 100)
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
	if c := n.calls(); lookups != 1 || len(c) != 1 || c[0] != "93.184.215.14:443" {
		t.Errorf("%d look-ups, called %v; want one, and the address that was judged", lookups, c)
	}
	_, err = f.Fetch(t.Context(), "https://example.com/", 100)
	reason(t, err, RefusedAddress)
}

// The default way of connecting judges once more, on the socket itself.
func TestTheSocketItselfIsJudged(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := connectPublic(t.Context(), netip.MustParseAddrPort(l.Addr().String()))
	if err == nil {
		_ = conn.Close()
	}
	reason(t, err, RefusedAddress)
}

func TestFetchJudgesEveryRedirect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, to string
		want     Reason
	}{
		{"to plain http", "http://example.com/x", RefusedAddress},
		{"to another port", "https://example.com:8080/x", RefusedAddress},
		{"with credentials", "https://a:b@example.com/x", RefusedAddress},
		{"to a private name", "https://inside.example.com/x", RefusedAddress},
		{"to this machine", "https://127.0.0.1/x", RefusedAddress},
		{"to metadata", "https://169.254.169.254/latest/meta-data/", RefusedAddress},
		{"to a file", "file:///etc/passwd", RefusedAddress},
		{"for ever", "/again", BadAnswer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := serving(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/x" || r.URL.Path == "/latest/meta-data/" {
					t.Errorf("%s was asked", r.URL.Path)
				}
				http.Redirect(w, r, tt.to, http.StatusFound)
			})
			n.names["inside.example.com"] = []string{"192.168.0.10"}
			_, err := n.fetcher(nil).Fetch(t.Context(), "https://example.com/start", 100)
			reason(t, err, tt.want)
		})
	}
}
