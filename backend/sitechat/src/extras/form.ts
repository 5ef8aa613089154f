import { DIALECTS, type Globals } from "../loader/dialect";
import { add, addIcon, addStyles } from "../shared/dom";
import type { PartOptions } from "../shared/part";
import css from "../styles/form.css";
import { CROSS } from "../window/cross";
import { chooseWords } from "../window/words";

/** What a form asks for. */
export type FormField = "name" | "phone" | "email";

type Words = Record<FormField | "send" | "wrong" | "needed", string>;

const WORDS: Record<string, Words> = {
  en: { name: "Name", phone: "Phone", email: "E-mail", send: "Send", wrong: "Check what you wrote.", needed: "Fill this in, please." },
  ru: { name: "Имя", phone: "Телефон", email: "E-mail", send: "Отправить", wrong: "Проверьте, что вы написали.", needed: "Заполните это поле." },
  es: { name: "Nombre", phone: "Teléfono", email: "E-mail", send: "Enviar", wrong: "Revise lo que ha escrito.", needed: "Rellene este campo." },
  pt: { name: "Nome", phone: "Telefone", email: "E-mail", send: "Enviar", wrong: "Verifique o que escreveu.", needed: "Preencha este campo." },
};

const KINDS: Record<FormField, { type: string; autocomplete: string; maxLength: number; good: (value: string) => boolean }> = {
  name: { type: "text", autocomplete: "name", maxLength: 120, good: () => true },
  phone: {
    type: "tel",
    autocomplete: "tel",
    maxLength: 40,
    good: (value) => /^[\d+().\s-]+$/.test(value) && value.replace(/\D/g, "").length >= 5 && value.replace(/\D/g, "").length <= 20,
  },
  email: { type: "email", autocomplete: "email", maxLength: 254, good: (value) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) },
};

let last = 0;

/**
 * Shows a small form beside the launcher (O §5.1, amobutton_form). It takes nobody's focus (KEY-6). What is sent becomes the
 * contact's data, as by setMeta, and a message of the visitor's, which makes the lead. Dismissed is told when somebody closes it.
 */
export function showForm({ view, settings, remote, events, set, signal }: PartOptions, fields: readonly FormField[], title: string, dismissed: () => void): void {
  if (view.root.querySelector(".leadline-form")) return;
  const { lang, words: own } = chooseWords(settings.locale, remote.button.locale);
  const words = WORDS[lang] as Words;
  if (!last) addStyles(view.root, css, signal);
  signal.addEventListener("abort", () => (last = 0));
  const form = add(view.root, "form", "leadline-form");
  form.noValidate = true;
  form.lang = lang;
  form.style.zIndex = view.chat.style.zIndex;
  const heading = add(form, "p", "leadline-form__title", `leadline-form-${++last}`);
  heading.setAttribute("role", "status");
  form.setAttribute("aria-labelledby", heading.id);
  // Read out when it comes, although nobody's focus moves.
  queueMicrotask(() => (heading.textContent = title));
  const cross = add(form, "button", "leadline-form__close");
  cross.type = "button";
  cross.setAttribute("aria-label", own.close);
  addIcon(cross, CROSS);
  const close = (): void => form.remove();
  cross.onclick = () => {
    close();
    dismissed();
    view.launcher.focus();
  };
  form.onkeydown = ({ key }) => {
    if (key === "Escape") cross.click();
  };
  const inputs = fields.map((name) => {
    const { type, autocomplete, maxLength } = KINDS[name];
    const id = `leadline-form-${last}-${name}`;
    add(form, "label", "leadline-form__label").append(words[name]);
    (form.lastElementChild as HTMLLabelElement).htmlFor = id;
    const input = add(form, "input", "leadline-form__input", id);
    Object.assign(input, { type, name, maxLength, autocomplete });
    const problem = add(form, "p", "leadline-form__problem", `${id}-problem`);
    input.setAttribute("aria-describedby", problem.id);
    return { name, input, problem };
  });
  add(form, "button", "leadline-form__send").textContent = words.send;
  form.onsubmit = (event) => {
    event.preventDefault();
    const given: Partial<Record<FormField, string>> = {};
    for (const { name, input } of inputs) given[name] = input.value.trim();
    // A name alone reaches nobody, where there is another way.
    const reach = fields.filter((name) => name !== "name");
    const asked = reach.length ? reach : fields;
    let wrong: HTMLElement | undefined;
    for (const { name, input, problem } of inputs) {
      const value = given[name] ?? "";
      const missing = asked.includes(name) && !asked.some((one) => given[one]);
      const bad = value !== "" && !KINDS[name].good(value);
      problem.textContent = missing ? words.needed : bad ? words.wrong : "";
      if (missing || bad) {
        input.setAttribute("aria-invalid", "true");
        wrong ??= input;
      } else input.removeAttribute("aria-invalid");
    }
    if (wrong) return wrong.focus();
    const field = (code: string, value = ""): unknown[] => (value ? [{ code, values: [{ value, enum: "WORK" }] }] : []);
    tellMeta(settings.id, { contact: { ...(given.name && { name: given.name }), custom_fields: [...field("PHONE", given.phone), ...field("EMAIL", given.email)] } });
    const lines = fields.flatMap((name) => (given[name] ? [`${words[name]}: ${given[name]}`] : []));
    events.reach("said", [title, ...lines].join("\n"));
    close();
    // The visitor asked for it: the chat shows what was sent.
    set(true);
  };
}

/** Adds to what the site has told of its visitor. */
function tellMeta(id: string, data: unknown): void {
  for (const { settings } of DIALECTS) {
    try {
      const found = (window as unknown as Globals)[settings] as Globals | undefined;
      if (`${found?.id}` === id) (found?.setMeta as (data: unknown) => void)(data);
    } catch {
      // A page's own object that says no.
    }
  }
}
