package media

import "net/netip"

// refused are the address ranges that are nobody's public server. Source: IANA's
// special-purpose address registries for IPv4 and IPv6, multicast and reserved
// space, and one address outside of them where a cloud answers its machines.
var refused = prefixes(
	"0.0.0.0/8",        // this network
	"10.0.0.0/8",       // private
	"100.64.0.0/10",    // carrier NAT; also metadata of one cloud
	"127.0.0.0/8",      // loopback
	"168.63.129.16/32", // a cloud's platform address
	"169.254.0.0/16",   // link-local; metadata of most clouds
	"172.16.0.0/12",    // private
	"192.0.0.0/24",     // protocol assignments; metadata of one cloud
	"192.0.2.0/24",     // documentation
	"192.88.99.0/24",   // 6to4 relays, gone
	"192.168.0.0/16",   // private
	"198.18.0.0/15",    // benchmarks
	"198.51.100.0/24",  // documentation
	"203.0.113.0/24",   // documentation
	"224.0.0.0/4",      // multicast
	"240.0.0.0/4",      // reserved, broadcast
	"2001::/23",        // protocol assignments, Teredo among them
	"2001:db8::/32",    // documentation
	"2002::/16",        // 6to4: carries an IPv4 address
	"3fff::/20",        // documentation
)

// global is the part of IPv6 that is given out; all else is local, multicast,
// mapped or unused.
var global = netip.MustParsePrefix("2000::/3")

// nat64 carries an IPv4 address in its last 32 bits (RFC 6052); on networks
// without IPv4 every IPv4 server looks like that.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// public reports whether an address may be called when somebody outside named
// it. What it carries inside counts: IPv4 in IPv6 is judged as IPv4.
func public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	if a.Is6() && !global.Contains(a) {
		return false
	}
	for _, p := range refused {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
