import assert from "node:assert/strict";
import test from "node:test";
import { format } from "date-fns/format";
import { enUS } from "date-fns/locale/en-US";
import { es as spanish } from "date-fns/locale/es";
import { pt as portuguese } from "date-fns/locale/pt";
import { ru as russian } from "date-fns/locale/ru";
import { DATE_PATTERN, formatTime, isPlain, TIME_PATTERN, type Dates } from "./format";
import { makeID } from "./id";
import { linkify } from "./linkify";
import { chooseLanguage, fill, LANGUAGES, makeStrings, matchLanguage, type Strings } from "./strings";
import en from "./strings/en.json";
import es from "./strings/es.json";
import pt from "./strings/pt.json";
import ru from "./strings/ru.json";

const words: Readonly<Record<string, Strings>> = { en, es, pt, ru };

const date = (y: number, m: number, d: number, h = 0, min = 0): number => new Date(y, m - 1, d, h, min).getTime();

test("LOC-5: the year is the calendar year at the turn of every year", () => {
  for (const [at, want] of [
    [date(2024, 12, 30), "30.12.2024"],
    [date(2024, 12, 31), "31.12.2024"],
    [date(2025, 1, 1), "01.01.2025"],
    [date(2020, 12, 31), "31.12.2020"],
    [date(2021, 1, 1), "01.01.2021"],
    [date(2026, 12, 30), "30.12.2026"],
    [date(2027, 1, 1), "01.01.2027"],
  ] as const) {
    assert.equal(formatTime(at, "dd.MM.YYYY", DATE_PATTERN), want);
    assert.equal(formatTime(at, "DD.MM.yyyy", DATE_PATTERN), want);
  }
});

test("LOC-4, LOC-6: plain patterns and quotes", () => {
  const at = date(2024, 3, 5, 9, 5);
  for (const [pattern, want] of [
    ["HH:mm", "09:05"],
    ["H:m", "9:5"],
    ["d/M/yy", "5/3/24"],
    ["dd/MM/yyyy", "05/03/2024"],
    ["'at' HH''mm", "at 09'05"],
    ["", ""],
  ] as const) {
    assert.equal(formatTime(at, pattern, TIME_PATTERN), want);
    assert.ok(isPlain(pattern));
  }
});

const parts: Record<string, Dates> = Object.fromEntries(
  Object.entries({ en: enUS, es: spanish, pt: portuguese, ru: russian }).map(([lang, locale]) => [lang, { format: format as unknown as Dates["format"], locale }]),
);

test("LOC-6: patterns with words and long formats, in the four languages", () => {
  const at = date(2024, 12, 30, 9, 5);
  for (const [pattern, want] of [
    // Measured, O §2.4.
    ["P", { en: "12/30/2024", ru: "30.12.2024", es: "30/12/2024", pt: "30/12/2024" }],
    ["p", { en: "9:05 AM", ru: "9:05", es: "09:05", pt: "09:05" }],
    ["a", { en: "AM", ru: "ДП" }],
    // What each language calls it.
    ["d MMMM YYYY", { en: "30 December 2024", ru: "30 декабря 2024", es: "30 diciembre 2024", pt: "30 dezembro 2024" }],
    ["EEEE", { en: "Monday", ru: "понедельник", es: "lunes", pt: "segunda-feira" }],
    ["do", { en: "30th", ru: "30-е" }],
    ["h:mm a", { en: "9:05 AM", es: "9:05 AM" }],
    ["h 'o''clock'", { en: "9 o'clock" }],
    ["K kk S Q i x X O z t T", { en: "9 09 0 4 1 +01 +01 GMT+1 GMT+1 1735545900 1735545900000" }],
    ["'DD of YYYY' DD.MM.YY", { en: "DD of YYYY 30.12.24" }],
    ["LLL yy, YYYY", { en: "Dec 24, 2024" }],
  ] as const) {
    for (const [lang, text] of Object.entries(want)) {
      assert.equal(formatTime(at, pattern, TIME_PATTERN, parts[lang]), text, `${lang} ${pattern}`);
    }
  }
  assert.equal(formatTime(at, "d MMMM", DATE_PATTERN), "30.12.2024", "before the part is there");
});

test("LOC-5: YYYY is the calendar year in patterns with words too", () => {
  for (const [at, want] of [
    [date(2024, 12, 30), "30 December 2024"],
    [date(2024, 12, 31), "31 December 2024"],
    [date(2025, 1, 1), "1 January 2025"],
    [date(2027, 1, 1), "1 January 2027"],
  ] as const) {
    assert.equal(formatTime(at, "D MMMM YYYY", DATE_PATTERN, parts.en), want);
    assert.equal(formatTime(at, "d MMMM yyyy", DATE_PATTERN, parts.en), want);
  }
});

test("LOC-6: what is not known falls back and never throws", () => {
  const at = date(2024, 3, 5, 9, 5);
  const warnings: string[] = [];
  const warn = console.warn;
  console.warn = (text: string) => warnings.push(text);
  for (const pattern of ["nnn", "HH:mm 'open", "J MMMM", "DDD"]) {
    assert.equal(formatTime(at, pattern, TIME_PATTERN), "09:05");
    for (const lang of ["en", "ru"]) assert.equal(formatTime(at, pattern, TIME_PATTERN, parts[lang]), "09:05", pattern);
  }
  console.warn = warn;
  assert.equal(warnings.length, 4, "one warning for each");
});

test("all languages have the same keys, and every text says something", () => {
  const keys = Object.keys(en).sort();
  const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const [lang, strings] of Object.entries(words)) {
    assert.deepEqual(Object.keys(strings).sort(), keys, lang);
    for (const [key, text] of Object.entries(strings)) {
      assert.ok(text.trim(), `${lang} ${key}`);
      assert.deepEqual(places(text), places(en[key as keyof Strings]), `${lang} ${key}`);
    }
  }
  assert.deepEqual([...LANGUAGES].sort(), ["en", "es", "pt", "ru"]);
});

test("O §2.4: the texts are the documented ones", () => {
  const documented = {
    ru: ["Написать сообщение...", "Отправляется", "Отправлено", "Прочитано", "Ошибка", "Сделано в", "Новые сообщения"],
    en: ["Write a message...", "Sending", "Sent", "Read", "Error", "Powered by", "New messages"],
    es: ["Escribe un mensaje...", "Enviando", "Enviado", "Leído", undefined, undefined, undefined],
    pt: ["Escreva uma mensagem...", "Enviando", "Enviado", "Lido", "Erro", "Powered by", "Novas mensagens"],
  };
  const keys = [
    "compose_placeholder",
    "delivery_status_sending",
    "delivery_status_sent",
    "delivery_status_read",
    "delivery_status_error",
    "powered_by",
    "new_messages",
  ] as const;
  for (const [lang, texts] of Object.entries(documented)) {
    keys.forEach((key, i) => texts[i] && assert.equal(words[lang]?.[key], texts[i]));
    assert.deepEqual([words[lang]?.date_format, words[lang]?.time_format], ["dd.MM.YYYY", "HH:mm"]);
  }
});

test("LOC-1: an unknown language falls back, by primary subtag", () => {
  assert.equal(matchLanguage("pt-BR"), "pt");
  assert.equal(matchLanguage("com"), undefined);
  assert.equal(chooseLanguage("es", { extends: "com" }), "es");
  assert.equal(chooseLanguage("xx", {}), "en");
  assert.equal(chooseLanguage("en", { extends: "ru" }), "ru");
});

test("LOC-2, CFG-5: the site's texts win over the server's; an empty one stays empty; others than text do not count", () => {
  const strings = makeStrings(en, { "panel.title": "Server", new_messages: "Server" }, { new_messages: "Site", powered_by: "", delivery_status_sent: 7 });
  assert.equal(strings["panel.title"], "Server");
  assert.equal(strings.new_messages, "Site");
  assert.equal(strings.powered_by, "");
  assert.equal(strings.delivery_status_sent, "Sent");
});

test("a text with places takes values, and keeps a place that nobody fills", () => {
  assert.equal(fill("{name} has {count} of {rest}", { name: "{count}", count: 2 }), "{count} has 2 of {rest}");
});

test("SEC-9: links are found, with allowed schemes only, without the punctuation behind them", () => {
  for (const [text, want] of [
    ["see https://a.example/x?y=1.", ["https://a.example/x?y=1"]],
    ["(http://a.example/b(c))", ["http://a.example/b(c)"]],
    ["www.example.com, anna@example.org", ["https://www.example.com/", "mailto:anna@example.org"]],
    ["call tel:+74951234567", ["tel:+74951234567"]],
    ["javascript:alert(1) data:text/html,x ftp://a.example", []],
    ["http://", []],
    ["<b>no</b> markup", []],
  ] as const) {
    assert.deepEqual(linkify(text).flatMap((piece) => piece.href ?? []), [...want], text);
    assert.equal(linkify(text).map((piece) => piece.text).join(""), text);
  }
});

test("RFC 9562: an id of version 4 has its version and variant in place", () => {
  assert.equal(makeID(new Uint8Array(16)), "00000000-0000-4000-8000-000000000000");
  assert.equal(makeID(new Uint8Array(16).fill(255)), "ffffffff-ffff-4fff-bfff-ffffffffffff");
});
