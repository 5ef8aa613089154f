// Texts of the tour pictures: each picture speaks one language alone.
const words = {
  ru: {
    h: ["Войдите один раз", "Чат на вашем сайте", "Ответ из карточки сделки"],
    p: ["Логин и пароль Leadline - и аккаунт подключён. Осталось вставить код на сайт.", "Посетитель пишет, не уходя со страницы. История сохраняется и после перезагрузки.", "Сообщения приходят в сделку. Отвечайте здесь же - посетитель сразу увидит ответ."],
    name: "Leadline: чат для сайта", sub: "Источник сделок", login: "Логин Leadline", pass: "Пароль Leadline", hint: "Пароль от Leadline; CRM его не хранит", code: "Код для сайта", save: "Сохранить", done: "Аккаунт подключён",
    site: "zelenyi-dom.example", shop: "Зелёный дом", menu: ["Растения", "Горшки", "Доставка"], goods: [["Монстера", "2 400 ₽"], ["Фикус", "1 900 ₽"], ["Сансевиерия", "1 200 ₽"], ["Алоэ", "750 ₽"]],
    who: "Ольга", title: "Чат на сайте", q1: "Здравствуйте! Монстера есть в наличии?", a1: "Добрый день! Да, осталось три. Какая высота нужна?", q2: "Около метра. Привезёте в субботу?", sent: "14:32 · Отправлено", write: "Написать сообщение...",
    visitor: "Анна Белова", lead: "Монстера, 1 шт.", stage: "Первичный контакт", fields: [["Контакт", "Анна Белова"], ["Телефон", "+7 999 000-11-22"]],
    day: "Сегодня", answerTo: "Ответ посетителю: Анна Белова", a2: "Да, привезём в субботу до полудня.", send: "Отправить",
  },
  en: {
    h: ["Sign in once", "A chat on your website", "Answer from the lead card"],
    p: ["Your Leadline login and password connect the account. Then paste the code into your website.", "Visitors write without leaving the page. Their history is still there after a reload.", "Messages arrive in the lead. Answer right there and the visitor sees it at once."],
    name: "Leadline: website chat", sub: "Lead source", login: "Leadline login", pass: "Leadline password", hint: "Your Leadline password; the CRM does not keep it", code: "Code for your website", save: "Save", done: "The account is connected",
    site: "greenhouse.example", shop: "Greenhouse", menu: ["Plants", "Pots", "Delivery"], goods: [["Monstera", "$32"], ["Rubber plant", "$27"], ["Snake plant", "$18"], ["Aloe", "$11"]],
    who: "Olivia", title: "Website chat", q1: "Hello! Is the monstera in stock?", a1: "Good afternoon! Yes, three are left. How tall should it be?", q2: "About three feet. Can you deliver on Saturday?", sent: "14:32 · Sent", write: "Write a message...",
    visitor: "Anna Bell", lead: "Monstera, 1 pc.", stage: "First contact", fields: [["Contact", "Anna Bell"], ["Phone", "+1 555 010 0199"]],
    day: "Today", answerTo: "Answer to the visitor: Anna Bell", a2: "Yes, we will bring it on Saturday before noon.", send: "Send",
  },
  es: {
    h: ["Inicie sesión una vez", "Un chat en su sitio web", "Responda desde el lead"],
    p: ["Con su usuario y contraseña de Leadline la cuenta queda conectada. Después pegue el código en su web.", "El visitante escribe sin salir de la página. Su historial sigue ahí al volver.", "Los mensajes llegan al lead. Responda ahí mismo y el visitante lo ve al instante."],
    name: "Leadline: chat para la web", sub: "Fuente de leads", login: "Usuario de Leadline", pass: "Contraseña de Leadline", hint: "Su contraseña de Leadline; el CRM no la guarda", code: "Código para su sitio web", save: "Guardar", done: "La cuenta está conectada",
    site: "casaverde.example", shop: "Casa Verde", menu: ["Plantas", "Macetas", "Envíos"], goods: [["Monstera", "29 €"], ["Ficus", "25 €"], ["Sansevieria", "16 €"], ["Aloe", "9 €"]],
    who: "Olga", title: "Chat del sitio", q1: "¡Hola! ¿Tienen la monstera?", a1: "¡Buenas tardes! Sí, quedan tres. ¿De qué altura la necesita?", q2: "De un metro. ¿Pueden enviarla el sábado?", sent: "14:32 · Enviado", write: "Escribe un mensaje...",
    visitor: "Ana Bello", lead: "Monstera, 1 ud.", stage: "Primer contacto", fields: [["Contacto", "Ana Bello"], ["Teléfono", "+34 600 000 111"]],
    day: "Hoy", answerTo: "Respuesta al visitante: Ana Bello", a2: "Sí, se la llevamos el sábado antes del mediodía.", send: "Enviar",
  },
  pt: {
    h: ["Entre uma única vez", "Um chat no seu site", "Responda pelo lead"],
    p: ["Com seu login e sua senha do Leadline a conta fica conectada. Depois é só colar o código no site.", "O visitante escreve sem sair da página. O histórico continua lá quando ele volta.", "As mensagens chegam ao lead. Responda ali mesmo e o visitante vê na hora."],
    name: "Leadline: chat para o site", sub: "Fonte de leads", login: "Login do Leadline", pass: "Senha do Leadline", hint: "Sua senha do Leadline; o CRM não a guarda", code: "Código para o seu site", save: "Salvar", done: "A conta está conectada",
    site: "casaverde.example", shop: "Casa Verde", menu: ["Plantas", "Vasos", "Entrega"], goods: [["Costela-de-adão", "29 €"], ["Fícus", "25 €"], ["Sansevieria", "16 €"], ["Aloe", "9 €"]],
    who: "Olívia", title: "Chat do site", q1: "Olá! Tem costela-de-adão?", a1: "Boa tarde! Sim, restam três. De que altura você precisa?", q2: "De um metro. Entregam no sábado?", sent: "14:32 · Enviado", write: "Escreva uma mensagem...",
    visitor: "Ana Belo", lead: "Costela-de-adão, 1 un.", stage: "Primeiro contato", fields: [["Contato", "Ana Belo"], ["Telefone", "+351 910 000 111"]],
    day: "Hoje", answerTo: "Resposta ao visitante: Ana Belo", a2: "Sim, entregamos no sábado antes do meio-dia.", send: "Enviar",
  },
};
