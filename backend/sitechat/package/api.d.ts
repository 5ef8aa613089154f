// The chat's API for sites, as types. Leadline takes the API of amoCRM's and Kommo's CRM Plugin; what is our own says so.

/** A CSS colour: a name, hexadecimal, `rgb(…)`, … What CSS does not know counts as absent. */
export type Color = string;

/** Language of the interface. Others count by their first part ("en-US" is English), then as the server's setting. */
export type Locale = "ru" | "en" | "es" | "pt" | (string & {});

/** The configuration object: `crmPluginConfig`, or `amoSocialButtonConfig`. It is read when an instance starts. */
export interface ChatConfig {
  /** The launcher is not shown; the page opens the chat by `runChatShow`. */
  hidden?: boolean;
  /** Colour of the launcher, instead of the one in the settings. */
  color?: Color;
  onlinechat?: OnlineChatConfig;
}

export interface OnlineChatConfig {
  /** "widget" (default) opens beside the launcher, "frame" inside `container`. */
  mode?: "widget" | "frame";
  /** Where the chat is drawn in frame mode: a selector, or the element. */
  container?: string | Element;
  /** The site's own identifier of its user, 1-256 characters. By itself it proves nothing: see `user_token`. */
  user_id?: string | number;
  /**
   * Our own: a JWT made by the site's server that proves who its user is, good for at most 24 hours; or a function that gets
   * one, which is called again when it has run out.
   */
  user_token?: string | (() => string | null | undefined | Promise<string | null | undefined>);
  /** Our own: "required" keeps nothing in the browser until `consent` is called with true. */
  consent?: "required" | boolean;
  locale?: LocaleConfig;
  theme?: ThemeConfig;
}

/** Words and formats; only those that are to differ. */
export interface LocaleConfig {
  extends?: Locale;
  compose_placeholder?: string;
  delivery_status_sending?: string;
  delivery_status_sent?: string;
  delivery_status_read?: string;
  delivery_status_error?: string;
  powered_by?: string;
  new_messages?: string;
  /** Pattern of dates, such as "dd.MM.yyyy"; YYYY is the calendar year. */
  date_format?: string;
  /** Pattern of times, such as "HH:mm". */
  time_format?: string;
  /** Our own further words, by their keys. */
  [key: string]: string | undefined;
}

export interface ThemeConfig {
  background?: Color;
  system_color?: Color;
  /** false: no header at all. */
  header?: boolean | { background?: Color; color?: Color };
  message?: {
    /** The visitor's messages. */
    outgoing_background?: Color;
    outgoing_color?: Color;
    /** The operator's messages. */
    incoming_background?: Color;
    incoming_color?: Color;
  };
  compose?: {
    /** Least height of the input in pixels, 40-170. */
    height?: number;
    button_background?: Color;
  };
}

/** A field of the CRM, by its id or its code. */
export interface CustomField {
  id?: number;
  code?: string;
  values: { value: string; enum?: string | number; subtype?: string }[];
}

/** What `setMeta` hands to the CRM about the visitor; at most 64 KB. Fields that have a value there are not overwritten. */
export interface Meta {
  /** element_type: 1 contact, 2 lead. */
  note?: { text: string; element_type?: 1 | 2; note_type?: string };
  contact?: { name?: string; custom_fields?: CustomField[] };
  lead?: { name?: string; sale?: number; custom_fields?: CustomField[] };
  /** Parameters for the greeting bot. */
  bot_params?: Record<string, unknown>;
}

/** One visible conversation. */
export interface Conversation {
  /** Its number, such as "A123". */
  name: string;
  is_closed: boolean;
  last_message?: {
    type: "text" | "video" | "photo";
    text: string;
    /** Milliseconds since 1970. */
    created_at: number;
    /** Written by the visitor. */
    is_out: boolean;
    media?: { url: string; thumbnail: string };
    author?: { name: string };
  };
}

/** What an instance is doing; our own. */
export interface ChatState {
  /** The chat may be driven. */
  ready: boolean;
  open: boolean;
  /** Messages that the visitor has not seen. */
  unread: number;
}

/** The events and what their callbacks get. */
export interface ChatEvents {
  onChatReady: [];
  onChatShow: [];
  onChatHide: [];
  onChatRenderDone: [];
  /** Service code ("livechat", "whatsapp", …) and address of the channel that was clicked. */
  onButtonClick: [service: string, link: string];
  /** false, once, where there is one conversation only. */
  onConversationsChange: [conversations: Conversation[] | false];
  /** Our own: how many messages the visitor has not seen. */
  onUnreadChange: [count: number];
  /** Our own: the visitor wrote something, and the server has it. What it says is not told. */
  onVisitorMessage: [];
}

/** `crmPlugin` and `amoSocialButton`. It never throws and returns nothing; calls before the loader came wait for it. */
export interface Command {
  (method: "runChatShow" | "runChatHide" | "runDestroy"): void;
  (method: "sendKeyActionHook", name: string): void;
  (method: "setMeta", meta: Meta): void;
  /** Our own: whether the chat may keep things in the browser. false takes away what is there. */
  (method: "consent", given: boolean): void;
  /** Our own. */
  (method: "getState", callback: (state: ChatState) => void): void;
  <E extends keyof ChatEvents>(event: E, callback: (...args: ChatEvents[E]) => void): void;
  /** Several events, joined by "|". */
  (events: string, callback: () => void): void;
  q?: unknown[];
}

/** `crm_plugin` and `amo_social_button`: the settings that the snippet writes. */
export interface Settings {
  id: string | number;
  hash: string;
  locale?: Locale;
  /** Channels stand in a row instead of behind one button. */
  inline?: boolean;
  setMeta?(meta: Meta): void;
  params?: Meta[];
}
