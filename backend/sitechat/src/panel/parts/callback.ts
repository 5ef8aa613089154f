// The call-back form: somebody is to call the visitor.
import type { Strings } from "../load";
import { openDialog } from "../over/dialog";
import { make, setText } from "../view/dom";

/** What a visitor asks to be called with. */
export type CallRequest = { client_id: string; phone: string; name: string; text: string };

/** Why a request was not taken: a code, and the server's words. */
export type Refusal = { code: string; message: string };

/**
 * Opens the form; send hands the request over and tells why it was not taken. Repeating a request that was lost under way is harmless: it
 * has its own id.
 */
export function openCallback(id: string, strings: Strings, send: (request: CallRequest) => Promise<Refusal | undefined>): void {
  const phone = make("input", "sc-field__input", { type: "tel", name: "phone", id: "sc-phone", autocomplete: "tel", maxlength: "40", required: "", dir: "ltr", "aria-describedby": "sc-phone-problem" });
  const problem = make("p", "sc-field__problem", { id: "sc-phone-problem" });
  const name = make("input", "sc-field__input", { type: "text", name: "name", id: "sc-name", autocomplete: "name", maxlength: "120", dir: "auto" });
  const text = make("textarea", "sc-field__input", { name: "text", id: "sc-note", rows: "2", maxlength: "1000", dir: "auto" });
  const failure = make("p", "sc-field__problem", { role: "alert" });
  const go = make("button", "sc-button sc-button--main", { type: "submit" }, strings["call.send"]);
  const cancel = make("button", "sc-button", { type: "button" }, strings["dialog.cancel"]);
  const field = (label: string, input: HTMLElement, ...more: HTMLElement[]): HTMLElement =>
    make("div", "sc-field", {}, make("label", "sc-field__label", { for: input.id }, label), input, ...more);
  const form = make(
    "form",
    "sc-call",
    { novalidate: "" },
    make("p", "sc-call__hint", {}, strings["call.hint"]),
    field(strings["call.phone"], phone, problem),
    field(strings["call.name"], name),
    field(strings["call.note"], text),
    failure,
    make("div", "sc-dialog__buttons", {}, cancel, go),
  );
  const wrong = (words: string): void => {
    setText(problem, words);
    if (words) phone.setAttribute("aria-invalid", "true");
    else phone.removeAttribute("aria-invalid");
    if (words) phone.focus();
  };
  let busy = false;
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (busy) return;
    setText(failure, "");
    const digits = phone.value.replace(/\D/g, "").length;
    wrong(digits < 5 || digits > 20 || /[^\d+().\s-]/.test(phone.value) ? strings["call.bad_phone"] : "");
    if (phone.hasAttribute("aria-invalid")) return;
    busy = true;
    // Not by disabled, which would take the focus away.
    go.setAttribute("aria-disabled", "true");
    const refusal = await send({ client_id: id, phone: phone.value.trim(), name: name.value.trim(), text: text.value.trim() });
    busy = false;
    go.removeAttribute("aria-disabled");
    if (!refusal) return close();
    if (refusal.code === "bad_phone") wrong(refusal.message || strings["call.bad_phone"]);
    else setText(failure, refusal.message || strings["action.failed"]);
  };
  const close = openDialog(strings["call.title"], "", [form], strings, () => {});
  cancel.onclick = close;
  phone.focus();
}
