// What TypeScript lets a site's developer write; lines that are wrong must be found wrong.
import "../../package/global";
import { mountChat, type Chat } from "../../package/index";
import { useSiteChat } from "../../package/react";

window.crmPluginConfig = {
  color: "#0b6bcb",
  onlinechat: { mode: "frame", container: "#help", user_id: 7, locale: { extends: "pt" }, theme: { header: false, compose: { height: 72 } } },
};
window.crmPlugin?.("runChatShow");
window.crmPlugin?.("onChatShow|onChatHide", () => {});
window.crmPlugin?.("onButtonClick", (service, link) => service.length + link.length);
window.crmPlugin?.("onConversationsChange", (list) => list && list[0]?.last_message?.created_at);
window.crmPlugin?.("getState", (state) => state.open && state.unread > 0);
window.amo_social_button?.setMeta?.({ note: { text: "From the price list", element_type: 2 }, bot_params: { plan: "pro" } });

const chat: Chat = mountChat({ host: "https://chat.example.com", id: 1042, hash: "6f1d" });
const off: () => void = chat.on("onUnreadChange", (count) => count.toFixed());
off();
export const hook: Chat | null = useSiteChat(null);

// @ts-expect-error a mode that there is not
window.crmPluginConfig = { onlinechat: { mode: "popup" } };
// @ts-expect-error no such event
chat.on("onChatMessage", () => {});
// @ts-expect-error the host is needed
mountChat({ id: 1042, hash: "6f1d" });
// @ts-expect-error a note hangs on a contact or a lead
window.crm_plugin?.setMeta?.({ note: { text: "x", element_type: 3 } });
