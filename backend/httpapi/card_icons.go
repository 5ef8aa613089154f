package httpapi

import (
	"strings"

	"leadline/backend/onlinechat"
)

// Icons are paths in a box of 24 by 24: what a thing is, in nobody's own drawing.
const (
	iconBubble  = "M4 3h16a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2h-8l-5 4v-4H4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z"
	iconHandset = "M12 2a10 10 0 1 1-4.6 18.9L2 22l1.1-5.2A10 10 0 0 1 12 2zM8.7 7 7.3 8.4c-.2 3.6 4.7 8.5 8.3 8.3l1.4-1.4-2.5-2.2-1.4 1a8 8 0 0 1-3.2-3.2l1-1.4z"
	iconPlane   = "M2 11 22 3l-4 18-6-5-3 4-1-6 9-8-11 7z"
	iconCamera  = "M7 2h10a5 5 0 0 1 5 5v10a5 5 0 0 1-5 5H7a5 5 0 0 1-5-5V7a5 5 0 0 1 5-5zm0 2a3 3 0 0 0-3 3v10a3 3 0 0 0 3 3h10a3 3 0 0 0 3-3V7a3 3 0 0 0-3-3z" +
		"m5 3a5 5 0 1 1 0 10 5 5 0 0 1 0-10zm0 2a3 3 0 1 0 0 6 3 3 0 0 0 0-6zm5.5-3.5a1 1 0 1 1 0 2 1 1 0 0 1 0-2z"
	iconPhone = "M6.6 3 10 4l1 5-2.3 1.6a12 12 0 0 0 4.7 4.7L15 13l5 1 1 3.4a2 2 0 0 1-2 2.6C10.7 20 4 13.3 4 5a2 2 0 0 1 2.6-2z"
	iconMail  = "M3 5h18v14H3zm2 3v9h14V8l-7 5z"
	iconLink  = "M14 4h6v6h-2V7.4l-8.3 8.3-1.4-1.4L16.6 6H14zM4 6h7v2H6v10h10v-5h2v7H4z"
)

// messengerIcons are of those that have one beside the bubble.
var messengerIcons = map[onlinechat.Messenger]string{
	"whatsapp": iconHandset, "viber": iconHandset, "telegram": iconPlane, "instagram": iconCamera, "instagram_business": iconCamera,
}

// messengerName is what people call a messenger; its code where it is new to us.
func messengerName(m onlinechat.Messenger) string {
	if name, ok := messengerNames[m]; ok {
		return name
	}
	return string(m)
}

func cardIcon(b onlinechat.CardBlock) string {
	switch scheme, _, _ := strings.Cut(b.Link, ":"); {
	case b.Kind == onlinechat.CardMessenger && messengerIcons[b.Service] != "":
		return messengerIcons[b.Service]
	case b.Kind != onlinechat.CardLink:
		return iconBubble
	case scheme == "tel" || scheme == "sms":
		return iconPhone
	case scheme == "mailto":
		return iconMail
	default:
		return iconLink
	}
}
