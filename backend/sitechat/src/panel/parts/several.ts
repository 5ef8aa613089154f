// Several conversations of one visitor (O §6.4): their list, and the line above the one that is looked at.
import type { Host } from "../host";
import type { App } from "../app";
import { newID } from "../id";
import type { Strings } from "../load";
import { readSummaries, type Summary } from "../message";
import type { Outbox } from "../outbox";
import type { SessionKeeper } from "../session";
import type { State, StateStore } from "../state";
import type { Store } from "../storage";
import { asList, asRecord, asText } from "../read";
import { fill } from "../strings";
import { describe } from "../summary";
import { inOrder } from "../transcript";
import { dayKey, DATE_PATTERN, formatTime, TIME_PATTERN } from "../format";
import { icon, iconButton, make, setLabel, setText } from "../view/dom";
import { patch } from "../view/patch";

/** What it needs of others. */
export type SeveralOptions = {
  request: SessionKeeper["request"];
  outbox: Outbox;
  state: StateStore;
  store: Store;
  host: Host;
  name: string;
  wait: (ms: number) => Promise<void>;
  /** Looks at a conversation, known to the server or not yet, or with an empty id at their list. */
  enter: (id: string, known: boolean, unread: number) => void;
};

/** The conversations. */
export type Several = {
  /** A session is there, with the list; other tells that it is another visitor's than before. */
  opened: (list: readonly Summary[], other: boolean) => void;
  /** Reads the list again. */
  refresh: () => Promise<void>;
  enter: (id: string) => void;
  begin: () => void;
  /** Ends the one that is looked at, at once or when the line is back (CON-7), and shows the list. */
  end: () => void;
};

const AGAIN_MS = 5000;

/** Makes them. */
export function makeSeveral({ request, outbox, state, store, host, name, wait, enter }: SeveralOptions): Several {
  const key = `${name}.ending`;
  let ending = readIDs(store.get(key));
  let reading: Promise<void> | undefined;
  let again = false;
  const keep = (ids: string[]): void => {
    ending = ids;
    if (ids.length) store.set(key, JSON.stringify(ids));
    else store.remove(key);
  };
  const show = (list: readonly Summary[]): void => {
    const shown = list.filter((one) => !ending.includes(one.id));
    const before = new Map((state.get().conversations ?? shown).map((one) => [one.id, one.unread]));
    const { conversation, open, strings } = state.get();
    state.set({ conversations: shown });
    for (const { id, unread, last } of shown) {
      if (id === conversation || unread <= (before.get(id) ?? 0) || last?.direction !== "outbound" || open) continue;
      host.send({ kind: "message", text: describe(last, strings).slice(0, 500), author: last.author });
    }
  };
  const refresh = (): Promise<void> => {
    again = true;
    return (reading ??= (async () => {
      while (again) {
        again = false;
        const list = await request({ path: "v1/conversations" }).then((answer) => readSummaries(asRecord(answer).conversations), () => undefined);
        if (list) show(list);
      }
      reading = undefined;
    })());
  };
  const finish = async (id: string): Promise<void> => {
    while (ending.includes(id)) {
      try {
        await request({ path: `v1/conversation/end?conversation=${id}`, body: {} });
      } catch (error) {
        if ((error as { temporary?: boolean }).temporary) {
          await wait(AGAIN_MS);
          continue;
        }
      }
      keep(ending.filter((other) => other !== id));
    }
    await refresh();
  };
  const go = (id: string): void => {
    const known = state.get().conversations?.find((one) => one.id === id);
    enter(id, !!known, known?.unread ?? 0);
  };
  return {
    refresh,
    enter: go,
    begin: () => go(newID()),
    opened(list, other) {
      const first = other || !state.get().conversations;
      show(list);
      if (list.length) host.send({ kind: "wrote" });
      if (!first) return;
      for (const id of ending) void finish(id);
      // CON-6: none is an empty composer, one is that one, several are their list; what was written and not stored yet is one too.
      const own = (state.get().conversations ?? []).map((one) => one.id);
      // Written before it was known that there may be several.
      if (outbox.list().some((p) => !p.conversation)) outbox.adopt((own.length === 1 && own[0]) || newID());
      const under = outbox.list().flatMap(({ conversation, error }) => (conversation && !error ? [conversation] : []));
      const all = [...new Set([...own, ...under])];
      go(all.length > 1 ? "" : (all[0] ?? newID()));
    },
    end() {
      const { conversation, conversations } = state.get();
      keep([...ending, conversation]);
      state.set({ conversations: (conversations ?? []).filter((one) => one.id !== conversation) });
      go("");
      void finish(conversation);
    },
  };
}

function readIDs(text: string | undefined): string[] {
  try {
    return asList(JSON.parse(text ?? "[]")).map(asText).filter(Boolean);
  } catch {
    return [];
  }
}

const BACK = "m15.4 7.4-1.4-1.4-6 6 6 6 1.4-1.4-4.6-4.6z";
const TALK = "M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H9l-5 4.5V17a2 2 0 0 1-2-2V5c0-1.1.9-2 2-2z";

/** Draws them into the panel and returns what draws them anew. confirm asks before something final. */
export function mountSeveral(panel: HTMLElement, before: HTMLElement, app: App, focus: () => void, end: () => Promise<void>): (state: State) => void {
  const back = iconButton("sc-bar__button", BACK);
  const count = make("span", "sc-bar__count");
  const number = make("span", "sc-bar__number");
  const over = make("button", "sc-bar__end", { type: "button" });
  const bar = make("div", "sc-bar", {}, back, count, number, over);
  const heading = make("h2", "sc-talks__title", { tabindex: "-1" });
  const none = make("p", "sc-talks__none");
  const list = make("ul", "sc-talks__list");
  const begin = make("button", "sc-talks__new", { type: "button" });
  const screen = make("section", "sc-talks", {}, heading, none, list, begin);
  before.before(bar, screen);
  let was: string | undefined;
  const names = new Map<string, string>();
  const several = (): Several => app.several() as Several;
  back.onclick = () => {
    several().enter("");
    void several().refresh();
  };
  over.onclick = () => void end();
  begin.onclick = () => several().begin();
  return (state) => {
    const { conversation, strings, begun, transcript, phase } = state;
    const all = state.conversations ?? [];
    const listed = !conversation;
    const ended = inOrder(transcript).at(-1)?.kind === "ended";
    panel.classList.toggle("sc-panel--list", listed && phase === "ready");
    panel.classList.toggle("sc-panel--over", !listed && ended);
    const others = all.filter((one) => one.id !== conversation);
    const unread = others.reduce((sum, one) => sum + one.unread, 0);
    bar.hidden = listed || (!begun && !others.length);
    screen.hidden = !listed;
    setLabel(back, strings["several.list"]);
    setText(count, unread ? String(unread) : "");
    count.setAttribute("aria-label", fill(strings["several.unread"], { count: unread }));
    count.setAttribute("role", "img");
    count.hidden = !unread;
    for (const one of all) names.set(one.id, one.number);
    // One that was ended is off the list, and has its number still.
    const name = names.get(conversation) ?? "";
    setText(number, name ? fill(strings["several.number"], { number: name }) : strings["several.new"]);
    setText(over, ended ? strings["several.new"] : strings["end.action"]);
    over.onclick = ended ? () => several().begin() : () => void end();
    // No end before the first message is stored (CON-6).
    over.hidden = !begun;
    setText(heading, strings["several.list"]);
    setText(none, all.length ? "" : strings["several.none"]);
    setText(begin, strings["several.new"]);
    screen.setAttribute("aria-label", strings["several.list"]);
    patch(
      list,
      all.map((one) => ({
        name: one.id,
        look: JSON.stringify([one, state.lang, dayKey(Date.now())]),
        draw: () => make("li", "", {}, drawTalk(one, state, () => several().enter(one.id))),
      })),
    );
    if (was !== undefined && was !== conversation && state.open) {
      if (listed) (list.querySelector("button") ?? begin).focus();
      else focus();
    }
    was = conversation;
  };
}

function drawTalk({ number, unread, last }: Summary, state: State, open: () => void): HTMLElement {
  const { strings, dates } = state;
  const text = last ? `${last.direction === "inbound" ? `${strings["message.you"]}: ` : last.author ? `${last.author}: ` : ""}${describe(last, strings)}` : "";
  const at = last && (dayKey(last.at) === dayKey(Date.now()) ? formatTime(last.at, strings.time_format, TIME_PATTERN, dates) : formatTime(last.at, strings.date_format, DATE_PATTERN, dates));
  const head = make("span", "sc-talk__head", {}, make("span", "sc-talk__name", {}, title(number, strings)), make("span", "sc-talk__time", {}, at ?? ""));
  const words = make("span", "sc-talk__last", { dir: "auto" }, text.slice(0, 200));
  const button = make("button", "sc-talk", { type: "button" }, make("span", "sc-talk__sign", {}, icon(TALK)), make("span", "sc-talk__words", {}, head, words));
  if (unread) button.append(make("span", "sc-talk__count", {}, make("span", "", { "aria-hidden": "true" }, String(unread)), make("span", "sc-hidden", {}, fill(strings["several.unread"], { count: unread }))));
  button.onclick = open;
  return button;
}

function title(number: string, strings: Strings): string {
  return number ? fill(strings["several.number"], { number }) : strings["several.new"];
}
