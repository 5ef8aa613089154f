// The page's own words; widgets bring theirs.
define(function () {
  "use strict";

  const words = {
    en: {
      dashboard: "Dashboard", leads: "Leads", market: "Marketplace", pipeline: "Digital Pipeline", settings: "Settings", card: "Lead card",
      install: "Install", uninstall: "Uninstall", save: "Save", support: "Support", view: "View", on: "Active", close: "Close",
      consent: "I accept the privacy policy of the developer", sources: "Sources", add_source: "Add source", widget: "widget",
      off: "Switched off", remove: "Delete", description: "Description", keys: "Keys", access: "Access", inbox: "Notifications",
      empty: "Nothing here yet", feed: "Messages", contact: "Contact", stage: "New request", failed: "Something went wrong", retry: "Try again",
      "status.install": "Not installed", "status.not_configured": "Not configured", "status.installed": "Installed",
      "status.error": "Error", "status.warning": "Warning", "status.installed_error": "Error",
    },
    ru: {
      dashboard: "Рабочий стол", leads: "Сделки", market: "Маркет", pipeline: "Воронка", settings: "Настройки", card: "Карточка сделки",
      install: "Установить", uninstall: "Отключить", save: "Сохранить", support: "Поддержка", view: "Смотреть", on: "Включён", close: "Закрыть",
      consent: "Согласен с политикой конфиденциальности разработчика", sources: "Источники", add_source: "Добавить источник", widget: "виджет",
      off: "Отключён", remove: "Удалить", description: "Описание", keys: "Ключи", access: "Доступы", inbox: "Уведомления",
      empty: "Здесь пока пусто", feed: "Сообщения", contact: "Контакт", stage: "Новая заявка", failed: "Что-то пошло не так", retry: "Повторить",
      "status.install": "Не установлен", "status.not_configured": "Не настроен", "status.installed": "Установлен",
      "status.error": "Ошибка", "status.warning": "Внимание", "status.installed_error": "Ошибка",
    },
    es: {
      dashboard: "Escritorio", leads: "Oportunidades", market: "Tienda", pipeline: "Embudo digital", settings: "Ajustes", card: "Ficha",
      install: "Instalar", uninstall: "Desinstalar", save: "Guardar", support: "Soporte", view: "Ver", on: "Activo", close: "Cerrar",
      consent: "Acepto la política de privacidad del desarrollador", sources: "Orígenes", add_source: "Añadir origen", widget: "extensión",
      off: "Desactivado", remove: "Eliminar", description: "Descripción", keys: "Claves", access: "Accesos", inbox: "Avisos",
      empty: "Aún no hay nada", feed: "Mensajes", contact: "Contacto", stage: "Nueva solicitud", failed: "Algo salió mal", retry: "Reintentar",
      "status.install": "No instalado", "status.not_configured": "Sin configurar", "status.installed": "Instalado",
      "status.error": "Error", "status.warning": "Atención", "status.installed_error": "Error",
    },
    pt: {
      dashboard: "Painel", leads: "Oportunidades", market: "Loja", pipeline: "Funil digital", settings: "Configurações", card: "Ficha",
      install: "Instalar", uninstall: "Desinstalar", save: "Salvar", support: "Suporte", view: "Ver", on: "Ativo", close: "Fechar",
      consent: "Aceito a política de privacidade do desenvolvedor", sources: "Origens", add_source: "Adicionar origem", widget: "extensão",
      off: "Desativado", remove: "Excluir", description: "Descrição", keys: "Chaves", access: "Acessos", inbox: "Avisos",
      empty: "Nada por aqui ainda", feed: "Mensagens", contact: "Contato", stage: "Novo pedido", failed: "Algo deu errado", retry: "Tentar de novo",
      "status.install": "Não instalado", "status.not_configured": "Não configurado", "status.installed": "Instalado",
      "status.error": "Erro", "status.warning": "Atenção", "status.installed_error": "Erro",
    },
  };
  const own = words[window.__crm.boot.lang] || words.en;

  return { get: (key) => own[key] || words.en[key] || String(key) };
});
