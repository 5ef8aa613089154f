package widgetzip

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Lengths that Kommo takes, in characters (L09).
const (
	maxName        = 30
	maxWord        = 19
	maxShort       = 50
	maxDescription = 400
)

var (
	brandInName = regexp.MustCompile(`(?i)(\bamo|амо ?срм|амо ?crm|kommo)`)
	// Spellings of the brand; those in addresses are left alone.
	brand = regexp.MustCompile(`(?i)(^|[^\p{L}\d./@-])(amo[ -]?crm|амо[ -]?(?:срм|crm|цэрээм))($|[^\p{L}\d.-]|[.-](?:[^\p{L}\d]|$))`)
	// Functions that the CRM has itself; a widget may not be called like one.
	builtIn = []string{
		"chat", "chats", "inbox", "leads", "contacts", "companies", "customers", "tasks", "mail", "calendar", "lists", "analytics", "dashboard", "settings",
		"salesbot", "digital pipeline", "pipeline", "telephony", "calls", "crm", "web forms", "widgets",
		"чат", "чаты", "сделки", "контакты", "компании", "покупатели", "задачи", "почта", "календарь", "списки", "аналитика", "рабочий стол", "настройки",
		"цифровая воронка", "воронка", "телефония", "звонки", "формы", "виджеты", "мессенджеры",
		"ventas", "contactos", "tareas", "correo", "correio", "tarefas", "contatos", //nolint:misspell // Spanish and Portuguese
	}
	// Known names that belong to somebody else (L09).
	otherBrands = regexp.MustCompile(`(?i)\b(whatsapp|telegram|instagram|facebook|messenger|viber|skype|gmail|google|slack|zapier|shopify|stripe|paypal|mailchimp|twilio|tiktok|linkedin|youtube|zoom|trello|dropbox)\b`)
	by          = regexp.MustCompile(`(?i)(^|\s)(by|via|por|de)\s+\S`)

	free  = regexp.MustCompile(`(?i)(\bfree\b|бесплатн|\bgratis\b|\bgratuit|\bgrátis)`)
	trial = regexp.MustCompile(`(?i)(\btrial\b|\btest period\b|\bdays?\b|\bмес|проб|тестов|дней|дня|\bprueba\b|\bdías?\b|\bteste\b|\bdias?\b|\bavaliação\b|período)`)
	paid  = regexp.MustCompile(`(?i)(\bpaid\b|\bsubscription\b|платн|подписк|тариф|\bde pago\b|suscripci|\bassinatura\b|\bpag[ao]\b)`)
	price = regexp.MustCompile(`(?i)([$€£₽]\s?\d|\d[\d .,]*\s?([$€£₽]|usd|eur|rub|руб|р\.|brl|r\$)|external payment|внешн\p{L}* оплат|pago externo|pagamento externo)`)
)

// checkMarketing is L08 to L10: name, lengths and prices.
func (c *checker) checkMarketing(file string, tree map[string]any) {
	w := object(c.manifest, "widget")
	get := func(key, fallback string) (value string, line int) {
		if key == "" {
			key = fallback
		}
		value = find(tree, key)
		return value, lineOf(c.files[file], quoted(value))
	}
	name, nameLine := get(text(w, "name"), "widget.name")
	short, shortLine := get(text(w, "short_description"), "widget.short_description")
	description, descriptionLine := get(text(w, "description"), "widget.description")
	tour, tourLine := get(text(object(c.manifest, "tour"), "tour_description"), "widget.tour_description")
	if c.platform == Kommo {
		c.checkLength(file, nameLine, "name", name, maxName)
		c.checkLength(file, shortLine, "short description", short, maxShort)
		c.checkLength(file, descriptionLine, "description", description, maxDescription)
		c.checkLength(file, tourLine, "description of the tour", tour, maxDescription)
		for word := range strings.FieldsSeq(name) {
			if utf8.RuneCountInString(word) > maxWord {
				c.add("L09", Moderation, file, nameLine, "the word %q of the name has more than %d characters with what is glued to it; shorten it", word, maxWord)
			}
		}
		if at := otherBrands.FindString(name); at != "" && !by.MatchString(name) {
			c.add("L09", Moderation, file, nameLine, "%s is a name of somebody else; add \"by\" or \"via\" and the company", at)
		}
	} else {
		c.checkBrand(file, nameLine, name)
	}
	for _, one := range []struct {
		value string
		line  int
	}{{short, shortLine}, {description, descriptionLine}, {tour, tourLine}} {
		if c.platform != Kommo {
			for _, m := range brand.FindAllStringSubmatch(one.value, 10) {
				if m[2] != "amoCRM" {
					c.add("L08", Moderation, file, one.line, "the brand is written %q; it is spelled amoCRM", m[2])
				}
			}
		}
		if free.MatchString(one.value) && trial.MatchString(one.value) {
			c.add("L10", Moderation, file, one.line, "a trial is called free; say how long the trial is, without that word")
		}
	}
	all := short + " " + description + " " + tour
	if paid.MatchString(all) && !price.MatchString(all) {
		c.add("L10", Moderation, file, descriptionLine, "the widget is paid, but no price is named; name it, with the currency, or say that payment is external")
	}
}

// checkBrand is L08 for the name.
func (c *checker) checkBrand(file string, line int, name string) {
	if at := brandInName.FindString(name); at != "" {
		c.add("L08", Moderation, file, line, "the name holds %q; the CRM's brand may not stand in it", at)
	}
	if slices.Contains(builtIn, strings.ToLower(strings.TrimSpace(name))) {
		c.add("L08", Moderation, file, line, "the name %q is one of the CRM's own functions; add the name of the service", name)
	}
}

func (c *checker) checkLength(file string, line int, what, value string, most int) {
	if n := utf8.RuneCountInString(value); n > most {
		c.add("L09", Moderation, file, line, "the %s has %d characters; at most %d are taken", what, n, most)
	}
}
