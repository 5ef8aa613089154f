import type { ChatConfig, ChatEvents, ChatState, Locale, Meta } from "./api";
export type * from "./api";

export interface ChatOptions {
  /** Address of the Leadline server's chat host: "https://chat.example.com". */
  host: string;
  /** Of the button, as the snippet has them. */
  id: string | number;
  hash: string;
  /** Default: the language of the page's root element. */
  locale?: Locale;
  inline?: boolean;
  config?: ChatConfig;
  /** Whose names the page's globals have; default "kommo". */
  dialect?: "kommo" | "amocrm";
}

/** A chat on the page. After `unmount` nothing of it does anything. */
export interface Chat {
  show(): void;
  hide(): void;
  setMeta(meta: Meta): void;
  /** Fires key actions that wait for this name. */
  sendKeyActionHook(name: string): void;
  /** Whether it may keep things in the browser; false takes away what is there. */
  consent(given: boolean): void;
  /** What it does now; before the loader came it waits for that. */
  getState(): Promise<ChatState>;
  /** Subscribes; what it returns ends that. */
  on<E extends keyof ChatEvents>(event: E, callback: (...args: ChatEvents[E]) => void): () => void;
  /** Takes the chat off the page. History and visitor stay. */
  unmount(): void;
}

/**
 * Puts the chat on the page. There is one for each dialect: mounting another takes the earlier one off. Call it in a browser
 * only, for instance in an effect.
 */
export function mountChat(options: ChatOptions): Chat;
