package widgetzip

import (
	"encoding/base64"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

var (
	address     = regexp.MustCompile(`(?i)\b(https?|wss?):/*[a-z0-9.:\[\]-]+`)
	hostInText  = regexp.MustCompile(`(?i)^(localhost|127\.0\.0\.1|0\.0\.0\.0)(:\d+)?(/|$)`)
	credentials = regexp.MustCompile(`(?i)(password|passwd|secret|token|api_?key|private_?key|authorization)$`)
	styleFile   = regexp.MustCompile(`(?i)\.css(\?|$)`)
)

// checkText is what one text of a script may not hold: J07, J12, J13, J15, J18
// and, for a whole address of a stylesheet, C04.
func (s *script) checkText(n js.INode, text string, above []js.INode) {
	if strings.Contains(strings.ToLower(text), "<script") {
		s.addAt("J07", Moderation, n, "a script element in a text; dependencies come by define only")
	}
	s.checkInlineStyles(n, text)
	if hostInText.MatchString(text) {
		s.addAt("J12", Moderation, n, "%s is an address for trials; take it out", hostInText.FindString(text))
	}
	for _, at := range address.FindAllString(text, 20) {
		s.checkAddress(n, at)
	}
	if len(text) > longestBlob && blob.MatchString(text) {
		s.addAt("J13", Advice, n, "a text of %d characters that nobody can read; ship pictures and data as files", len(text))
	}
	if switcherClasses.MatchString(text) && !s.c.full("J18", s.name) {
		s.c.checkSwitchers(s.name, s.lineOf(n), text)
	}
	if up, ok := parent(above, 1).(*js.BinaryExpr); ok && up.Op == js.AddToken {
		return // checkStyleLink sees the whole
	}
	if styleFile.MatchString(text) {
		s.checkStyleAddress(n, n, []string{text})
	}
}

// checkAddress is J15 for the scheme and J12 for hosts that no customer has.
func (s *script) checkAddress(n js.INode, text string) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "www.w3.org" {
		return // names of XML are no requests
	}
	host := strings.ToLower(u.Hostname())
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	if s.c.platform == Dev && local {
		return
	}
	scheme := strings.ToLower(u.Scheme)
	if (scheme == "http" || scheme == "ws") && host != "" {
		s.addAt("J15", Moderation, n, "%s: only https requests", text)
	}
	ip := net.ParseIP(host)
	first, _, _ := strings.Cut(host, ".")
	if local || ip != nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsUnspecified()) || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".test") ||
		strings.Contains(host, "ngrok") || first == "test" || first == "dev" || first == "stage" || first == "staging" {
		s.addAt("J12", Moderation, n, "%s is an address for trials; take it out", host)
	}
}

// checkCredential is J12: a value with letters and digits under such a name.
func (s *script) checkCredential(name string, value js.IExpr) {
	if value == nil || !credentials.MatchString(name) {
		return
	}
	text, ok := literal(bare(value))
	if ok && len(text) >= 8 && !strings.ContainsAny(text, " \t\n<>") && strings.ContainsAny(text, "0123456789") && strings.IndexFunc(text, isLetter) >= 0 {
		s.addAt("J12", Moderation, value, "%s has a value in the code; everybody who opens the page can read it", name)
	}
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// checkTemplate is checkText for a template with values.
func (s *script) checkTemplate(n *js.TemplateExpr, above []js.INode) {
	var parts []string
	for _, p := range n.List {
		parts = append(parts, strings.Trim(string(p.Value), "`"))
	}
	parts = append(parts, strings.Trim(string(n.Tail), "`"))
	whole := strings.Join(parts, "")
	s.checkText(n, strings.ReplaceAll(whole, ".css", ""), above)
	for _, p := range parts {
		if styleFile.MatchString(p) {
			s.checkStyleAddress(n, n, parts)
			return
		}
	}
}

// checkStyleLink is C04 for an address that is put together.
func (s *script) checkStyleLink(n *js.BinaryExpr, above []js.INode) {
	if up, ok := parent(above, 1).(*js.BinaryExpr); n.Op != js.AddToken || ok && up.Op == js.AddToken {
		return
	}
	var parts []string
	budget := 100
	walk(n, func(n js.INode, _ []js.INode) bool {
		budget--
		if text, ok := literal(n); ok {
			parts = append(parts, text)
		}
		_, isCall := n.(*js.CallExpr)
		return budget > 0 && !isCall
	})
	for _, p := range parts {
		if styleFile.MatchString(p) {
			s.checkStyleAddress(n, n, parts)
			return
		}
	}
}

// checkStyleAddress is C04: the stylesheet's address begins with params.path and
// ends with the version, or browsers keep an old one.
func (s *script) checkStyleAddress(at, whole js.INode, parts []string) {
	text := strings.Join(parts, "")
	if remoteAddress.MatchString(parts[0]) {
		s.addAt("C04", Moderation, at, "a stylesheet of another server; put it into the archive")
		return
	}
	if _, query, _ := strings.Cut(text, ".css?"); !strings.Contains(query, "v=") {
		s.addAt("C04", Moderation, at, "the stylesheet is linked without ?v= and the version; browsers would keep an old one")
		return
	}
	known := s.has(whole, func(n js.INode) bool {
		switch memberName(n) {
		case "path", "cdn_path", "base_path":
			return true
		}
		return variable(n) != nil // what it holds may be the path
	})
	if !known {
		s.addAt("C04", Moderation, at, "the stylesheet's address does not begin with params.path (Kommo: cdn_path); it lies elsewhere on each account")
	}
}

// checkSecrets is J19 over every text file: the values that were given, and what
// looks like one.
func (c *checker) checkSecrets(forbidden []string) {
	for _, name := range c.names() {
		raw := c.files[name]
		if at := secretIn(string(raw), forbidden); at >= 0 {
			c.add("J19", Moderation, name, lineAt(raw, at), "a secret of the server stands here; take it out and change it at the CRM")
			continue
		}
		if !textFile.MatchString(name) {
			continue
		}
		if at, kind := secretLike(string(raw)); at >= 0 {
			c.add("J19", Moderation, name, lineAt(raw, at), "this looks like %s; if it is one, take it out and change it", kind)
		}
	}
}

// secretIn is where one of the secrets stands, plain or in base64; -1 when none does.
func secretIn(text string, secrets []string) int {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		for _, form := range []string{secret, strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "=")} {
			if at := strings.Index(text, form); at >= 0 {
				return at
			}
		}
	}
	return -1
}

// secretLike looks for what has the form of a key: 40 hexadecimal digits (a
// channel's secret), 64 letters and digits (a client's), a signed token, a
// private key; -1 when there is none.
func secretLike(text string) (at int, kind string) {
	if at := strings.Index(text, "PRIVATE KEY-----"); at >= 0 {
		return at, "a private key"
	}
	for at := 0; at < len(text); {
		if !isWordByte(text[at]) {
			at++
			continue
		}
		end := at
		for end < len(text) && isWordByte(text[end]) {
			end++
		}
		switch word := text[at:end]; {
		case len(word) == 40 && strings.Trim(word, "0123456789abcdefABCDEF") == "" && mixed(word):
			return at, "the secret of a channel"
		case len(word) == 64 && !strings.ContainsAny(word, "-_") && mixed(word):
			return at, "the secret of an integration"
		case strings.HasPrefix(word, "eyJ") && len(word) > 20 && strings.HasPrefix(text[end:], ".eyJ"):
			return at, "a signed token"
		}
		at = end
	}
	return -1, ""
}

func isWordByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b == '-'
}

// mixed: a real key has many different characters, digits and letters.
func mixed(word string) bool {
	seen := map[rune]bool{}
	for _, r := range word {
		seen[r] = true
	}
	return len(seen) >= 10 && strings.ContainsAny(word, "0123456789") && strings.IndexFunc(word, isLetter) >= 0
}
