package widgetzip

import (
	"strings"
	"testing"
)

func textsCases(t *testing.T) []broken {
	t.Helper()
	return []broken{
		{name: "a trailing comma", rule: "L01", severity: Refused, put: map[string]string{"i18n/en.json": `{"widget": {},}`}},
		{name: "a list", rule: "L01", severity: Refused, put: map[string]string{"i18n/en.json": `[]`}},
		{name: "a text that one language lacks", rule: "L02", severity: Moderation, edits: []edit{{"i18n/en.json", `{"settings"`, `{"more":"x","settings"`}}},
		{name: "a group in one, a text in another", rule: "L02", severity: Moderation, edits: []edit{{"i18n/en.json", `"service_login":"Desk chat"`, `"service_login":{"a":"b"}`}}},
		{name: "an empty text", rule: "L02", severity: Moderation, edits: []edit{{"i18n/en.json", `"short_description":"Desk chat"`, `"short_description":" "`}}},
		{name: "a named text is missing", rule: "L03", severity: Refused, edits: []edit{{"i18n/en.json", `"tour_description"`, `"tour_text"`}}},
		{name: "the label is elsewhere", rule: "L04", severity: Refused, edits: []edit{{manifest, `"settings.service_login"`, `"widget.name"`}, {"i18n/en.json", `"service_login"`, `"login"`}}},
		{name: "Cyrillic in English", rule: "L05", severity: Moderation, edits: []edit{{"i18n/en.json", `"Desk chat"`, `"Чат стола"`}}},
		{name: "a .ru address in English", rule: "L05", severity: Moderation, edits: []edit{{"i18n/en.json", "help@example.com", "help@example.ru"}}},
		{name: "no Russian in Russian", rule: "L05", severity: Moderation, put: map[string]string{"i18n/ru.json": goodTexts("Desk chat", "help@example.com")}},
		{name: "no contact", rule: "L06", severity: Moderation, edits: []edit{{"i18n/en.json", "Write to help@example.com", "Ask us"}}},
		{name: "a Russian phone in English", rule: "L06", severity: Moderation, edits: []edit{{"i18n/en.json", "help@example.com", "+7 495 123-45-67"}}},
		{fine: true, name: "an object", rule: "L01"},
		{fine: true, name: "the same keys in another order", rule: "L02", edits: []edit{{"i18n/en.json", `{"settings":{"service_login":"Desk chat"},"widget":`, `{"widget":`}, {"i18n/en.json", `"tour_description":"Desk chat"}}`, `"tour_description":"Desk chat"},"settings":{"service_login":"Desk chat"}}`}}},
		{name: "a text of the left menu is missing", rule: "L03", severity: Refused, edits: []edit{{manifest, `"tour": {`, `"left_menu": {"a": {"title": "menu.a"}}, "tour": {`}}},
		{name: "no text for the assistant", rule: "L03", severity: Refused, platform: Kommo, edits: []edit{{manifest, `"lead_sources"]`, `"lead_sources", "ai_agent"]`}}},
		{fine: true, name: "every named text is there", rule: "L03"},
		{fine: true, name: "a custom field has no label", rule: "L04", edits: []edit{{manifest, `"type": "text"`, `"type": "custom"`}, {manifest, `"settings.service_login"`, `"widget.name"`}, {"i18n/en.json", `"service_login"`, `"login"`}}},
		{fine: true, name: "words and hosts that only resemble", rule: "L05", edits: []edit{{"i18n/en.json", "Press Save.", "Press Save. See example.rush.com and Ruby."}}},
		{name: "no word about setting up", rule: "L06", severity: Moderation, edits: []edit{{"i18n/en.json", "Press Save. Write", "Write"}}},
		{fine: true, name: "an American phone", rule: "L06", edits: []edit{{"i18n/en.json", "help@example.com", "+1 555 0100 100"}}},
		{fine: true, name: "another phone with support in English", rule: "L06", edits: []edit{{"i18n/en.json", "help@example.com", "+44 20 7946 0000 (we speak English)"}}},
		{name: "a link without its attributes", rule: "L07", severity: Moderation, edits: []edit{{"i18n/en.json", "Press Save.", `<a href=\"https://example.com\">Press Save.</a>`}}},
		{name: "a link without https", rule: "L07", severity: Moderation, edits: []edit{{"i18n/en.json", "Press Save.", `<a href=\"http://example.com\" target=\"_blank\" referrerpolicy=\"no-referrer\">Press Save.</a>`}}},
		{name: "an address without https", rule: "L07", severity: Moderation, edits: []edit{{"i18n/en.json", "Press Save.", "Press Save at http://example.com."}}},
		{name: "a script", rule: "L07", severity: Moderation, edits: []edit{{"i18n/en.json", "Press Save.", "<SCRIPT>1</SCRIPT>Press Save."}}},
		{name: "a handler", rule: "L07", severity: Moderation, edits: []edit{{"i18n/en.json", "Press Save.", "<b onClick=x>Press Save.</b>"}}},
		{fine: true, name: "a whole link, a mail link and a sign", rule: "L07", edits: []edit{{"i18n/en.json", "Press Save.", `1 < 2. <a target=\"_blank\" referrerpolicy='no-referrer' href=\"https://example.com\">Press Save.</a> <a href=\"mailto:a@example.com\">Mail</a>`}}},
		{name: "the brand in the name", rule: "L08", severity: Moderation, edits: []edit{{"i18n/en.json", `"name":"Desk chat"`, `"name":"Desk amoCRM"`}}},
		{name: "a function of the CRM as a name", rule: "L08", severity: Moderation, edits: []edit{{"i18n/en.json", `"name":"Desk chat"`, `"name":"Salesbot"`}}},
		{name: "the brand with other letters", rule: "L08", severity: Moderation, edits: []edit{{"i18n/en.json", "Press Save.", "Press Save in AmoCRM."}}},
		{name: "the brand in Cyrillic letters", rule: "L08", severity: Moderation, edits: []edit{{"i18n/ru.json", "Нажмите", "В амоСРМ нажмите"}}},
		{fine: true, name: "the brand as it is, and in an address", rule: "L08", edits: []edit{{"i18n/en.json", "Press Save.", "Press Save in amoCRM, see https://www.amocrm.com."}}},
		{name: "a long name", rule: "L09", severity: Moderation, platform: Kommo, edits: []edit{{"i18n/en.json", `"name":"Desk chat"`, `"name":"Desk chat of the very large shop"`}}},
		{name: "a long word", rule: "L09", severity: Moderation, platform: Kommo, edits: []edit{{"i18n/en.json", `"name":"Desk chat"`, `"name":"Desk-chat-for-website:"`}}},
		{name: "a long short description", rule: "L09", severity: Moderation, platform: Kommo, edits: []edit{{"i18n/en.json", `"short_description":"Desk chat"`, `"short_description":"` + strings.Repeat("Desk ", 11) + `"`}}},
		{name: "a long description", rule: "L09", severity: Moderation, platform: Kommo, edits: []edit{{"i18n/en.json", "Press Save.", strings.Repeat("Press Save. ", 34)}}},
		{name: "the name of somebody else", rule: "L09", severity: Moderation, platform: Kommo, edits: []edit{{"i18n/en.json", `"name":"Desk chat"`, `"name":"WhatsApp chat"`}}},
		{fine: true, name: "thirty characters, and the name of somebody else by a company", rule: "L09", platform: Kommo, edits: []edit{{"i18n/en.json", `"name":"Desk chat"`, `"name":"WhatsApp by Desk and Compan"`}}},
		{name: "a trial that is called free", rule: "L10", severity: Moderation, edits: []edit{{"i18n/en.json", "Press Save.", "Press Save. The first 14 days are free."}}},
		{name: "paid without a price", rule: "L10", severity: Moderation, edits: []edit{{"i18n/en.json", "Press Save.", "Press Save. Works with a paid plan."}}},
		{fine: true, name: "free of time, and a price", rule: "L10", edits: []edit{{"i18n/en.json", "Press Save.", "Press Save. The widget is free. The subscription costs $10."}}},
		{name: "the obsolete key", rule: "L11", severity: Advice, edits: []edit{{"i18n/en.json", "Press Save.", "Press Save. #API_HASH#"}}},
		{name: "an unknown tag", rule: "L11", severity: Advice, edits: []edit{{"i18n/en.json", "Press Save.", "Press Save. #USER_NAME#"}}},
		{fine: true, name: "known tags", rule: "L11", edits: []edit{{"i18n/en.json", "Press Save.", "Press Save. #HOST# #ACCOUNT_ID# #1 # A"}}},
	}
}
