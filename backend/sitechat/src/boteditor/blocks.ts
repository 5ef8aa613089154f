// What of the bot's language the editor draws with fields (O §4.3). A handler that does not fit, in any part, is shown as code: fields
// would show half of it.
import { targetOf } from "./bot";
import { isObject, type Json, type JsonObject, type Path } from "./json";

export type BlockKind = "message" | "goto" | "wait" | "conditions" | "answers" | "checks" | "contact" | "action" | "end" | "code";

/** The operations of conditions (O BOT-6): the vendor's five, then ours. */
export const OPERATIONS = ["=", "!=", "in", "not_in", "in_range", ">", "<", ">=", "<=", "contains", "not_contains", "empty", "not_empty"] as const;

/** The operations that ask nothing of a second term. */
export const ALONE: readonly string[] = ["empty", "not_empty"];

/** What a validation can take an answer for, with its operations. */
export const CHECKS: Readonly<Record<string, readonly string[]>> = {
  email: ["contains", "not_contains"],
  phone: ["contains", "not_contains"],
  regex: ["contains", "not_contains"],
  range_numbers: ["contains", "not_contains"],
  simple: ["equal", "not_equal", "length"],
};

/** The acts in the CRM that have fields, with the parameter that is one. */
export const ACTS: Readonly<Record<string, string>> = { add_note: "text", set_tag: "value", unset_tag: "value", set_budget: "value" };

/** What takes phone and e-mail from an answer: the first asks for what is missing, with the texts of PRESET_TEXTS. */
export const PRESETS = ["contacts.validate_base_info", "contacts.get_base_info"] as const;
export const PRESET_TEXTS = ["empty_all", "empty_phone", "empty_email", "invalid_phone", "success"] as const;

const isText = (value: Json | undefined): value is string => typeof value === "string";
const isOneOf = (list: readonly string[], value: Json | undefined): value is string => isText(value) && list.includes(value);

/** A range of numbers with one end or both, or none yet. */
export function isRange(value: Json | undefined): value is JsonObject {
  return isObject(value) && Object.entries(value).every(([key, end]) => (key === "from" || key === "to") && typeof end === "number");
}

function isCondition(row: Json): row is JsonObject {
  if (!isObject(row) || !isText(row.term1) || !isOneOf(OPERATIONS, row.operation)) return false;
  if (row.operation === "in_range") return isRange(row.term2);
  return ["string", "number", "boolean"].includes(typeof row.term2) || (row.term2 === undefined && ALONE.includes(row.operation));
}

function isCheck(row: Json): boolean {
  if (!isObject(row) || !isText(row.client_value) || !isText(row.type) || !isOneOf(CHECKS[row.type] ?? [], row.operation)) return false;
  return row.type === "range_numbers" ? isRange(row.condition_value) : isText(row.condition_value) || typeof row.condition_value === "number";
}

function isBranch(branch: Json): boolean {
  if (!isObject(branch) || !Array.isArray(branch.params)) return false;
  return isText(branch.value) !== isText(branch.regex); // one of them
}

const isList = (value: Json | undefined, fits: (item: Json) => boolean): value is Json[] => Array.isArray(value) && value.every(fits);
const isLogic = (value: Json | undefined): boolean => value === "and" || value === "or";
const isLink = (button: Json): boolean => isObject(button) && isText(button.text) && isText(button.url);

function isMessage(p: JsonObject): boolean {
  if (!isText(p.value)) return false;
  if (p.type === "text") return p.buttons === undefined;
  return (p.type === "buttons" && isList(p.buttons, isText)) || (p.type === "buttons_url" && isList(p.buttons, isLink));
}

const isBranchList = (value: Json | undefined): boolean => value === undefined || Array.isArray(value);

/** Where the parts of a condition stand: it has rows, or is one row itself; logic is undefined where AND is the only one. */
export type Branch = { rows?: Path; row?: Path; logic?: Path; result: Path; otherwise: Path };

/**
 * Finds them in each form that a condition has: one condition (O BOT-6), a list with logic (BOT-8), an array joined by AND (BOT-4),
 * whose result stands beside it; undefined for one that does not fit.
 */
export function branchOf(handler: JsonObject, path: Path): Branch | undefined {
  const p = handler.params;
  const params = [...path, "params"];
  if (Array.isArray(p)) {
    if (p.length === 0 || !p.every(isCondition) || !isBranchList(handler.result) || !isBranchList(handler.otherwise)) return undefined;
    return { rows: params, result: [...path, "result"], otherwise: [...path, "otherwise"] };
  }
  if (!isObject(p) || !isBranchList(p.result) || !isBranchList(p.otherwise)) return undefined;
  const ends = { result: [...params, "result"], otherwise: [...params, "otherwise"] };
  if (p.conditions === undefined) return isCondition(p) ? { row: params, ...ends } : undefined;
  if (!isLogic(p.logic) || !isList(p.conditions, isCondition) || p.conditions.length === 0) return undefined;
  return { rows: [...params, "conditions"], logic: [...params, "logic"], ...ends };
}

function isPreset(p: JsonObject): boolean {
  const texts = p.params;
  if (p.name === PRESETS[1]) return texts === undefined || (Array.isArray(texts) && texts.length === 0) || (isObject(texts) && Object.keys(texts).length === 0);
  return p.name === PRESETS[0] && isObject(texts) && Object.entries(texts).every(([key, text]) => isOneOf(PRESET_TEXTS, key) && isText(text));
}

/** How the editor draws a handler. */
export function kindOf(handler: Json): BlockKind {
  if (!isObject(handler) || !isText(handler.handler)) return "code";
  const p = handler.params;
  if (handler.handler === "buttons") return isList(p, isBranch) ? "answers" : "code";
  if (handler.handler === "condition" || handler.handler === "conditions") return branchOf(handler, []) ? "conditions" : "code";
  if (!isObject(p)) return "code";
  const when = (fits: boolean, kind: BlockKind): BlockKind => (fits ? kind : "code");
  switch (handler.handler) {
    case "show":
      return when(isMessage(p), "message");
    case "goto":
      return when(targetOf(handler) !== undefined && isOneOf(["question", "answer", "finish"], p.type), "goto");
    case "wait_answer":
      return when(targetOf(handler) !== undefined && isOneOf(["question", "answer"], p.type), "wait");
    case "validations":
      return when(isLogic(p.logic) && isList(p.conditions, isCheck) && Array.isArray(p.result) && isBranchList(p.otherwise), "checks");
    case "action":
      return when(isText(p.name) && Object.hasOwn(ACTS, p.name) && isObject(p.params) && isText(p.params[ACTS[p.name] ?? ""]), "action");
    case "stop":
      return when(p.action === "talk-close" || (p.action === "salesbot-start" && typeof p.bot === "number"), "end");
    case "preset":
      return when(isPreset(p), "contact");
  }
  return "code";
}

/** The words that a regular expression of ours looks for anywhere in an answer; undefined for one of somebody's own. */
export function wordsOf(regex: string): string | undefined {
  const inner = /^\/(.+)\/iu$/s.exec(regex)?.[1];
  if (inner === undefined) return undefined;
  const words = inner.replace(/\\([\\^$.*+?()[\]{}|/])/g, "$1");
  return regexOf(words) === regex ? words : undefined;
}

/** The regular expression that finds words anywhere in an answer, in capitals or not. */
export function regexOf(words: string): string {
  return `/${words.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")}/iu`;
}

const condition = { term1: "{{bot_params.}}", term2: "", operation: "=" };

/** A new block of a kind, for a step of a number. */
export function freshBlock(kind: BlockKind, step: number): JsonObject {
  switch (kind) {
    case "message":
      return { handler: "show", params: { type: "text", value: "" } };
    case "goto":
      return { handler: "goto", params: { type: "question", step } };
    case "wait":
      return { handler: "wait_answer", params: { type: "answer", step } };
    case "conditions":
      return { handler: "conditions", params: { logic: "and", conditions: [{ ...condition }], result: [] } };
    case "answers":
      return { handler: "buttons", params: [{ value: "", params: [] }] };
    case "checks":
      return { handler: "validations", params: { logic: "and", conditions: [freshCheck()], result: [] } };
    case "contact":
      return { handler: "preset", params: { name: PRESETS[0], params: { empty_all: "", success: "" } } };
    case "action":
      return { handler: "action", params: { name: "add_note", params: { text: "" } } };
    case "end":
      return { handler: "stop", params: { action: "talk-close" } };
    case "code":
      return { handler: "", params: {} };
  }
}

export const freshCondition = (): JsonObject => ({ ...condition });
export const freshCheck = (): JsonObject => ({ client_value: "{{message_text}}", type: "email", condition_value: "", operation: "contains" });

/** The message of other buttons: what is written on them is kept as far as it can be. */
export function withButtons(params: JsonObject, type: string): JsonObject {
  const { buttons, ...rest } = params;
  const texts = Array.isArray(buttons) ? buttons.map((button) => (isObject(button) ? String(button.text ?? "") : String(button))) : [""];
  if (type === "text") return { ...rest, type };
  return { ...rest, type, buttons: type === "buttons" ? texts : texts.map((text) => ({ text, url: "https://" })) };
}
