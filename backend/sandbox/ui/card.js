// The lead card beside a chat.
import { $, el, button, link } from "./dom.js";

export function drawCard(data, act) {
  const { card, chat } = data;
  const rows = [];
  const row = (name, ...value) => { if (value.some(Boolean)) rows.push(el("dt", "", name), el("dd", "", ...value)); };
  const c = card.contact;
  if (c) {
    row("Contact", link("/contacts/detail/" + c.id, c.name || String(c.id)));
    row("Phone", c.phone);
    row("E-mail", c.email);
  }
  if (chat.phone && (!c || c.phone !== chat.phone)) row("Phone in chat", chat.phone);
  if (chat.email && (!c || c.email !== chat.email)) row("E-mail in chat", chat.email);
  if (card.lead) {
    row("Lead", link("/leads/detail/" + card.lead.id, card.lead.name || String(card.lead.id)));
    row("Stage", chat.incoming ? "incoming lead" : "in work");
    row("Pipeline", card.pipeline);
  }
  row("Source", card.source);
  row("Channel", card.channel);
  const talks = card.talks.map((t) => {
    const state = t.status === "nps_in_progress" ? "waits for a mark" : t.in_work ? (t.read ? "in work" : "in work, unread") : "closed";
    const li = el("li", "", (t.post_id ? "comments of " + t.post_id : "talk " + t.id) + ": " + state);
    if (t.in_work) li.append(" ", button("Close", () => act.close(t.id)));
    return li;
  });
  const close = button("Close the card", () => act.hide(), "small card__hide");
  $("card").replaceChildren(el("h2", "card__title", chat.name), el("dl", "card__facts", ...rows), el("h3", "card__sub", "Talks"),
    talks.length ? el("ul", "card__talks", ...talks) : el("p", "hint", "none"), close);
}
