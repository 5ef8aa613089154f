package sitechat

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
)

// Frame is what the page of the panel's frame is made for.
type Frame struct {
	ButtonID string
	// Lang is a wish, such as the lang of the query; unknown ones give English. The panel sets the final language itself.
	Lang string
}

// The page carries no script and no style of its own, so that it lives under a policy without unsafe-inline. Its addresses are
// relative to /v1/frame/{id}: the chat host may stand behind a path.
var pageTemplate = template.Must(template.New("frame").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>{{.Title}}</title>
<link rel="stylesheet" href="../../assets/{{.Style}}">
<link rel="modulepreload" href="../../assets/{{.Words}}">
<link rel="modulepreload" href="../../assets/{{.Browser}}">
<script src="../../assets/{{.Script}}" defer></script>
</head>
<body data-button="{{.ButtonID}}">
<noscript>{{.NoScript}}</noscript>
</body>
</html>
`))

type pageWords struct{ title, noScript string }

var wordsOf = map[string]pageWords{
	"en": {"Chat", "The chat needs JavaScript."},
	"ru": {"Чат", "Для чата нужен JavaScript."},
	"es": {"Chat", "El chat necesita JavaScript."},
	"pt": {"Chat", "O chat precisa de JavaScript."},
}

// FramePage renders the page of /v1/frame/{id}. It is the same for everybody who asks with the same frame.
func (b *Build) FramePage(f Frame) ([]byte, error) {
	lang, _, _ := strings.Cut(strings.ToLower(f.Lang), "-")
	words, ok := wordsOf[lang]
	if !ok {
		lang, words = "en", wordsOf["en"]
	}
	var out bytes.Buffer
	err := pageTemplate.Execute(&out, map[string]string{
		"Lang": lang, "Title": words.title, "NoScript": words.noScript,
		"ButtonID": f.ButtonID, "Style": b.PanelStyle(), "Script": b.PanelScript(), "Words": b.PanelWords(lang), "Browser": b.manifest.PanelParts["browser"],
	})
	if err != nil {
		return nil, fmt.Errorf("render the panel's page: %w", err)
	}
	return out.Bytes(), nil
}

// FramePolicy is the Content-Security-Policy of the panel's page. Ancestors are the sources of the trusted sites, such as
// https://shop.example.org; none of them means that no site may show the panel, "*" among them that everybody may: there is no rule then, since "*" would
// be websites only, and an application's pages come from files and schemes of its own.
//
// The WebSocket is named for engines that do not count it among 'self'; host is that of the chat, with its port.
func FramePolicy(host string, ancestors []string) string {
	frames := "; frame-ancestors " + cmp.Or(strings.Join(ancestors, " "), "'none'")
	if slices.Contains(ancestors, "*") {
		frames = ""
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
		"connect-src 'self' wss://" + host + " ws://" + host + "; base-uri 'none'; form-action 'none'" + frames
}
