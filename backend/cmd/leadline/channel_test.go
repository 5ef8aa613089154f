package main

import (
	"bytes"
	"encoding/xml"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"leadline/backend/config"
)

// whole are settings with which nothing is missing, and with every secret set.
func whole(product string) []string {
	p := "LEADLINE_" + product + "_"
	return []string{
		"LEADLINE_APP_URL=https://app.shop.example", "LEADLINE_SUPPORT_EMAIL=help@shop.example", "LEADLINE_MAX_VIDEO_MB=77",
		"LEADLINE_SMTP_PASSWORD=hush-smtp", "LEADLINE_S3_KEY=hush-key", "LEADLINE_S3_SECRET=hush-s3", "LEADLINE_DATABASE=postgres://u:hush-db@h/n",
		p + "CLIENT_ID=3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b", p + "CLIENT_SECRET=hush-client,hush-older", p + "CHANNEL_SECRET=hush-channel",
		p + "WIDGET_CODE=widgetcode1", p + "CHANNEL_NAME=ShopChat", p + "CHANNEL_ACCOUNTS=11223344,55667788", p + "CHANNEL_ABOUT=One of a kind: 100% ours.",
	}
}

func request(t *testing.T, platform, icon string, environ []string) (string, []string) {
	t.Helper()
	cfg, err := config.Read(environ)
	if err != nil {
		t.Fatal(err)
	}
	return channelRequest(cfg, platform, icon)
}

// C §1.2: fourteen items, typing hooks, and for Kommo the file size and the account.
func TestChannelRequestHoldsEveryItem(t *testing.T) {
	t.Parallel()
	for platform, want := range map[string][]string{
		"amocrm": {
			"1. Название сервиса: ShopChat\n", "2. Адрес вебхука: https://app.shop.example/hooks/amojo/:scope_id\n", "3. ID аккаунтов, ", ": 11223344, 55667788\n",
			"4. Возможность написать первым: да", "5. Окно для ответа: ", "(0 секунд)", "6. E-mail", ": help@shop.example\n", "7. Иконка канала, SVG: в приложении, файл icon.svg",
			"14×14", "8. ID интеграции (client_uuid): 3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b\n", "9. Код виджета: widgetcode1\n",
			"10. Назначение: будет предложен всем пользователям: да. One of a kind: 100% ours.\n", "11. Хранение файлов: да", "12. Реакции: да", "👍",
			"13. Цитирование (reply_to и forwards): да\n", "14. Голосовые сообщения: да\n", "15. Вебхуки о наборе текста: да",
		},
		"kommo": {
			"1. Service name: ShopChat\n", "2. Webhook URL: https://app.shop.example/hooks/amojo/:scope_id\n", "3. Account ids ", ": 11223344, 55667788\n",
			"4. Write first: yes", "templates are supported", "5. Time window for answers: ", "(0 seconds)", "6. E-mail for problems: help@shop.example\n",
			"7. Icon of the channel, SVG: attached, file icon.svg", "14x14", "8. Integration id (client_uuid): 3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b\n",
			"9. Widget code: widgetcode1\n", "10. Purpose: offered to all users: yes. One of a kind: 100% ours.\n", "11. File storage: yes", "12. Reactions: yes", "👍",
			"13. Quoting (reply_to and forwards): yes\n", "14. Voice messages: yes\n", "15. Typing webhooks: yes", "16. Maximum file size: 77 MB\n", "17. Kommo account id: 11223344\n",
		},
	} {
		text, missing := request(t, platform, "some/where/icon.svg", whole(strings.ToUpper(platform)))
		if len(missing) > 0 {
			t.Errorf("%s: missing = %q, want nothing", platform, missing)
		}
		rest := text
		for _, part := range want {
			at := strings.Index(rest, part)
			if at < 0 {
				t.Fatalf("%s: %q is not in its place of\n%s", platform, part, text)
			}
			rest = rest[at+len(part):]
		}
		if strings.Contains(text, "hush") || strings.Contains(text, "____") || strings.Contains(text, "%!") {
			t.Errorf("%s: a secret, a gap or a broken form in\n%s", platform, text)
		}
		if cyrillic := regexp.MustCompile(`\p{Cyrillic}`).MatchString(text); cyrillic != (platform == "amocrm") {
			t.Errorf("%s: Cyrillic letters %t", platform, cyrillic)
		}
	}
}

func TestChannelRequestNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	if text, missing := request(t, "kommo", "", []string{"LEADLINE_KOMMO_CHANNEL_TITLE=9 Чат"}); len(missing) != 8 || strings.Count(text, "________") != 8 {
		t.Errorf("missing = %q, want eight, each a gap in\n%s", missing, text)
	}
	for name, tt := range map[string]struct{ set, want string }{
		"a name that begins with a digit": {"LEADLINE_AMOCRM_CHANNEL_NAME=1chat", "LEADLINE_AMOCRM_CHANNEL_NAME"},
		"a name that is not Latin":        {"LEADLINE_AMOCRM_CHANNEL_NAME=Чат", "LEADLINE_AMOCRM_CHANNEL_NAME"},
		"an address of this machine":      {"LEADLINE_APP_URL=https://app.localhost", "LEADLINE_APP_URL"},
		"an address without https":        {"LEADLINE_APP_URL=http://app.shop.example", "LEADLINE_APP_URL"},
		"no accounts":                     {"LEADLINE_AMOCRM_CHANNEL_ACCOUNTS=", "LEADLINE_AMOCRM_CHANNEL_ACCOUNTS"},
		"an account that is none":         {"LEADLINE_AMOCRM_CHANNEL_ACCOUNTS=0", "LEADLINE_AMOCRM_CHANNEL_ACCOUNTS"},
		"an e-mail that is none":          {"LEADLINE_SUPPORT_EMAIL=help", "LEADLINE_SUPPORT_EMAIL"},
		"an id that is no UUID":           {"LEADLINE_AMOCRM_CLIENT_ID=12", "LEADLINE_AMOCRM_CLIENT_ID"},
		"no widget code":                  {"LEADLINE_AMOCRM_WIDGET_CODE=", "LEADLINE_AMOCRM_WIDGET_CODE"},
	} {
		_, missing := request(t, "amocrm", "icon.svg", append(slices.Clone(whole("AMOCRM")), tt.set))
		if len(missing) != 1 || !strings.HasPrefix(missing[0], tt.want+": ") {
			t.Errorf("%s: missing = %q, want %s alone", name, missing, tt.want)
		}
	}
	if _, missing := request(t, "amocrm", "", whole("AMOCRM")); len(missing) != 1 || !strings.HasPrefix(missing[0], "--icon ") {
		t.Errorf("missing = %q, want --icon", missing)
	}
}

func TestChannelRefusesOtherCommands(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"ask"}, {"request", "--platform", "dev"}, {"request", "more"}} {
		var stdout, stderr bytes.Buffer
		if err := channel(args, &stdout, &stderr); err == nil || stdout.Len() > 0 {
			t.Errorf("%q: error %v, printed %q", args, err, &stdout)
		}
	}
}

// C §1.2, item 7: an SVG of 14 by 14 pixels in a circle, at most 100 KB.
func TestChannelIconIsRoundAndSmall(t *testing.T) {
	t.Parallel()
	var icon struct {
		XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
		Width   string   `xml:"width,attr"`
		Height  string   `xml:"height,attr"`
		ViewBox string   `xml:"viewBox,attr"`
		Circle  []struct {
			X string `xml:"cx,attr"`
			Y string `xml:"cy,attr"`
			R string `xml:"r,attr"`
		} `xml:"circle"`
	}
	if err := xml.Unmarshal(channelIcon, &icon); err != nil {
		t.Fatal(err)
	}
	if icon.Width != "14" || icon.Height != "14" || icon.ViewBox != "0 0 14 14" || len(channelIcon) > 100<<10 {
		t.Errorf("the icon is %s by %s (%s), %d bytes", icon.Width, icon.Height, icon.ViewBox, len(channelIcon))
	}
	if len(icon.Circle) != 1 || icon.Circle[0].X != "7" || icon.Circle[0].Y != "7" || icon.Circle[0].R != "7" {
		t.Errorf("circles = %+v, want one that fills the icon", icon.Circle)
	}
	// Nothing is drawn outside of the circle: absolute points of the paths are in it.
	for _, m := range regexp.MustCompile(`M([\d.]+) ([\d.]+)`).FindAllSubmatch(channelIcon, -1) {
		x, _ := strconv.ParseFloat(string(m[1]), 64)
		y, _ := strconv.ParseFloat(string(m[2]), 64)
		if math.Hypot(x-7, y-7) > 7 {
			t.Errorf("a path begins outside of the circle at %v, %v", x, y)
		}
	}
}
