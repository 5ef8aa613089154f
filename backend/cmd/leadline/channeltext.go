package main

// requestWords are the texts of the request for a channel in one language. The
// titles follow the support's own list (C §1.2); after its fourteen items stand
// typing hooks and, for Kommo, the file size and the account.
type requestWords struct {
	head   string // %s: the product
	titles []string
	tail   string

	yes, no    string
	writeFirst string
	window     string
	icon       string // %s: the file's name
	offer      string // %s, %s: for everybody or not, what is unique
	about      string
	files      string
	reactions  string
	quotes     string
	voice      string
	typing     string
}

var russianRequest = requestWords{
	head: "Здравствуйте!\n\nПросим зарегистрировать канал чатов %s для нашей интеграции.\n\n",
	titles: []string{
		"Название сервиса", "Адрес вебхука", "ID аккаунтов, которым можно подключаться, пока канал закрытый", "Возможность написать первым",
		"Окно для ответа", "E-mail для связи при проблемах", "Иконка канала, SVG", "ID интеграции (client_uuid)", "Код виджета",
		"Назначение", "Хранение файлов", "Реакции", "Цитирование (reply_to и forwards)", "Голосовые сообщения", "Вебхуки о наборе текста",
	},
	tail: "\nПросим прислать в ответ: код канала, ID канала, секретный ключ и данные бота (id, client_id, имя).\nВерсия вебхуков: v2.\n",
	yes:  "да", no: "нет",
	writeFirst: "да, нужна: менеджер может написать посетителю, телефон которого известен сервису",
	window:     "нет, отвечать можно в любое время (0 секунд); шаблоны после окна не нужны",
	icon:       "в приложении, файл %s (круглая, 14×14 пикселей)",
	offer:      "будет предложен всем пользователям: %s. %s",
	about: "Чат на сайте клиента: посетитель пишет на сайте, менеджер отвечает в карточке сделки. Похожие решения есть. " +
		"Отличие: сервис разворачивается на собственном сервере клиента, переписка и файлы остаются у него",
	files:     "да, сервис хранит файлы сам; ссылки на них остаются доступными",
	reactions: "да, показываются все; посетитель может поставить 👍 ❤️ 😂 😮 😢 🙏",
	quotes:    "да",
	voice:     "да",
	typing:    "да, просим включить",
}

var englishRequest = requestWords{
	head: "Hello,\n\nplease register a chat channel in %s for our integration.\n\n",
	titles: []string{
		"Service name", "Webhook URL", "Account ids that may connect while the channel is private", "Write first",
		"Time window for answers", "E-mail for problems", "Icon of the channel, SVG", "Integration id (client_uuid)", "Widget code",
		"Purpose", "File storage", "Reactions", "Quoting (reply_to and forwards)", "Voice messages", "Typing webhooks",
		"Maximum file size", "Kommo account id",
	},
	tail: "\nPlease answer with: the channel's code, its id, its secret key and its bot (id, client_id, name).\nWebhook version: v2.\n",
	yes:  "yes", no: "no",
	writeFirst: "yes: an operator can write to a visitor whose phone number the service knows; chat templates are supported",
	window:     "none, operators may answer at any time (0 seconds); templates need not be shown after its end",
	icon:       "attached, file %s (round, 14x14 pixels)",
	offer:      "offered to all users: %s. %s",
	about: "A chat on the customer's website: visitors write on the site, operators answer in the lead card. Similar solutions exist. " +
		"What is unique: the service runs on the customer's own server, conversations and files stay there",
	files:     "yes, the service stores files itself; links to them stay reachable",
	reactions: "yes, all of them are shown; a visitor can choose 👍 ❤️ 😂 😮 😢 🙏",
	quotes:    "yes",
	voice:     "yes",
	typing:    "yes, please switch them on",
}
