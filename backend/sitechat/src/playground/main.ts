// The playground: every setting of the site API, tried on the real chat, with the code to copy. Nothing is stored.
import { mountChat, type Chat, type ChatConfig, type ChatEvents } from "../../package/index";
import { configCode, readConfig, readSnippet } from "./config";

type Data = { host: string; snippets: Record<string, string>; words: Record<string, string> };

const events: (keyof ChatEvents)[] = [
  "onChatReady", "onChatShow", "onChatHide", "onChatRenderDone", "onButtonClick", "onConversationsChange", "onUnreadChange", "onVisitorMessage",
];
const restartMs = 400;
const keptLines = 50;

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const field = (id: string): HTMLInputElement => element<HTMLInputElement>(id);
const { host, snippets, words } = JSON.parse(element("data").textContent ?? "") as Data;

const form = element<HTMLFormElement>("settings");
const notice = element("notice");
const code = element("code");
const lines = element<HTMLOListElement>("events");
let chat: Chat | undefined;
let starts = 0;

function say(text: string): void {
  notice.textContent = text;
  notice.hidden = text === "";
}

function log(text: string): void {
  const line = document.createElement("li");
  line.textContent = text;
  lines.append(line);
  while (lines.childElementCount > keptLines) lines.firstElementChild?.remove();
  lines.scrollTop = lines.scrollHeight;
}

/** Marks colours that CSS does not know: the chat would take them for absent (THM-1). */
function checkColours(): void {
  for (const input of form.querySelectorAll<HTMLInputElement>("[data-colour]")) {
    const bad = input.value.trim() !== "" && !CSS.supports("color", input.value.trim());
    input.setCustomValidity(bad ? (words.colour ?? "") : "");
    input.toggleAttribute("aria-invalid", bad);
    (input.nextElementSibling as HTMLElement).style.setProperty("--colour", bad ? "transparent" : input.value.trim());
  }
}

/** Why the server gives no chat, in its own words; empty when it does. */
async function refusal(id: string, hash: string): Promise<string> {
  try {
    const answer = await fetch(`${host}/v1/buttons/${encodeURIComponent(id)}/config?hash=${encodeURIComponent(hash)}`);
    const body = (await answer.json()) as { error?: { message: string }; chat?: object | null };
    return body.error?.message ?? (body.chat ? "" : (words.none ?? ""));
  } catch {
    return words.offline ?? "";
  }
}

async function start(): Promise<void> {
  const mine = ++starts;
  chat?.unmount();
  chat = undefined;
  checkColours();
  const id = field("id").value.trim();
  const hash = field("hash").value.trim();
  const dialect = field("dialect").value === "amocrm" ? "amocrm" : "kommo";
  const inline = field("inline").checked;
  const config = readConfig(form);
  const locale = field("locale").value;
  const name = dialect === "amocrm" ? "amoSocialButtonConfig" : "crmPluginConfig";
  code.textContent =
    configCode(name, config) +
    (snippets[`${dialect}.${inline}`] ?? "").replace("BUTTON_ID", id).replace("BUTTON_HASH", hash).replace("BUTTON_LOCALE", locale);
  if (!/^\d{1,20}$/.test(id) || !/^[0-9a-f]{64}$/.test(hash)) return say(words.need_button ?? "");
  const why = await refusal(id, hash);
  if (mine !== starts) return; // changed meanwhile
  say(why);
  if (why) return;
  chat = mountChat({ host, id, hash, locale, inline, dialect, config: config as ChatConfig });
  for (const event of events) chat.on(event, (...args) => log(event + (args.length > 0 ? " " + JSON.stringify(args).slice(1, -1) : "")));
}

let timer: ReturnType<typeof setTimeout> | undefined;
function soon(): void {
  clearTimeout(timer);
  timer = setTimeout(start, restartMs);
}

form.addEventListener("input", (event) => {
  if (event.target !== element("snippet")) return soon();
  const found = readSnippet(element<HTMLTextAreaElement>("snippet").value);
  if (found.id) field("id").value = found.id;
  if (found.hash) field("hash").value = found.hash;
  const lang = found.locale?.slice(0, 2).toLowerCase();
  if (lang && [...element<HTMLSelectElement>("locale").options].some(({ value }) => value === lang)) field("locale").value = lang;
  soon();
});
form.addEventListener("submit", (event) => event.preventDefault());

const acts: Record<string, () => void> = {
  show: () => chat?.show(),
  hide: () => chat?.hide(),
  restart: () => void start(),
  destroy: () => chat?.unmount(),
  hook: () => chat?.sendKeyActionHook(field("hook-name").value),
  state: () => void chat?.getState().then((state) => log("getState " + JSON.stringify(state))),
  meta() {
    try {
      chat?.setMeta(JSON.parse(element<HTMLTextAreaElement>("meta").value));
      say("");
    } catch {
      say(words.json ?? "");
    }
  },
  copy() {
    navigator.clipboard.writeText(code.textContent ?? "").then(
      () => say(words.copied ?? ""),
      () => getSelection()?.selectAllChildren(code),
    );
  },
};
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-act]"))
  button.addEventListener("click", () => acts[button.dataset.act ?? ""]?.());

void start();
