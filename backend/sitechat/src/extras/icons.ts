const BUBBLE = "M12 3.5c5 0 9 3.2 9 7.2s-4 7.2-9 7.2c-.9 0-1.7-.1-2.5-.3L5 20.5l.9-4C4.1 15.2 3 13.1 3 10.7c0-4 4-7.2 9-7.2Z";
const HANDSET =
  "M9 6.7c.6 0 1.1 1.7 1.1 2.1 0 .5-.9 1-.8 1.4.7 1.5 1.8 2.5 3.4 3.1.4.1.9-.9 1.4-.9.4 0 2.1.8 2.1 1.3 0 1.1-1.1 2.1-2.3 2.1-3.1 0-6.7-3.5-6.7-6.7 0-1.3.9-2.4 1.8-2.4Z";

/** How a messenger is drawn and called: its name, a colour on which white is seen well, and a picture of 24 by 24. */
export const MESSENGERS: Readonly<Record<string, { name: string; color: string; path: string }>> = {
  whatsapp: { name: "WhatsApp", color: "#128c7e", path: `M12 2.5a9.5 9.5 0 0 0-8.1 14.4L2.5 21.5l4.7-1.3A9.5 9.5 0 1 0 12 2.5Z${HANDSET}` },
  telegram: { name: "Telegram", color: "#1c7fb8", path: "M21.5 4 2.5 11.4l5.6 2.1L17 7.6 10.4 14v5.5l3-3.5 4.6 3.4Z" },
  viber: { name: "Viber", color: "#7360f2", path: `M12 2.5c6 0 9 2.2 9 8s-3 7.7-9 7.7h-.5L8 21.5v-3.8c-3.5-.9-5-3.2-5-7.2 0-5.8 3-8 9-8Z${HANDSET}` },
  facebook: { name: "Facebook Messenger", color: "#0866ff", path: `${BUBBLE}M6.5 13l4-4.3 2.3 1.9 4.3-2.1-4 4.3-2.3-1.9Z` },
  instagram: {
    name: "Instagram",
    color: "#c13584",
    path: "M8 3h8a5 5 0 0 1 5 5v8a5 5 0 0 1-5 5H8a5 5 0 0 1-5-5V8a5 5 0 0 1 5-5Zm0 2a3 3 0 0 0-3 3v8a3 3 0 0 0 3 3h8a3 3 0 0 0 3-3V8a3 3 0 0 0-3-3Zm4 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Zm0 2a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z",
  },
  vk: { name: "VK", color: "#0068d9", path: "M2.5 7h3.2c.3 4 1.8 5.7 3.2 6.3V7h2.9v3.6c1.5-.2 3-1.7 3.6-3.6h2.9c-.5 2.4-2 4-3.3 4.8 1.3.6 2.9 2 3.7 4.8h-3.1c-.6-1.7-2-3-3.8-3.2V17h-.4C7 17 2.7 13.6 2.5 7Z" },
  skype: {
    name: "Skype",
    color: "#0078ca",
    path: "M12 4.5c2.9 0 4.8 1.4 4.8 3a1.5 1.5 0 0 1-2.9.5c-.3-.7-.9-.9-2-.9s-1.7.4-1.7 1c0 .8.9 1 2.6 1.4 2.4.6 4.3 1.4 4.3 4 0 2.5-2.1 4-5.1 4-3.1 0-5.1-1.5-5.1-3.3a1.5 1.5 0 0 1 2.9-.3c.3.9 1 1.3 2.3 1.3s2-.5 2-1.3c0-.9-.9-1.1-2.8-1.6-2.3-.6-4.1-1.3-4.1-3.7 0-2.5 2-4.1 4.8-4.1Z",
  },
  apple: { name: "Apple Messages", color: "#1f7a33", path: BUBBLE },
  wechat: {
    name: "WeChat",
    color: "#087a3b",
    path: "M9 4c3.6 0 6.5 2.3 6.5 5.2h-.4c-3.4 0-6 2.2-6 5l.1 1.1H9c-.8 0-1.5-.1-2.2-.3l-2.6 1.3.7-2.1c-1.6-1-2.4-2.7-2.4-4.9C2.5 6.3 5.4 4 9 4Zm6.3 6.5c3 0 5.3 1.9 5.3 4.2 0 1.3-.7 2.4-1.8 3.2l.5 1.8-2.1-1.2c-.6.2-1.2.3-1.9.3-3 0-5.3-1.8-5.3-4.1s2.3-4.2 5.3-4.2Z",
  },
  line: { name: "LINE", color: "#067a3d", path: `${BUBBLE}M7 9.7h2v2H7ZM11 9.7h2v2h-2ZM15 9.7h2v2h-2Z` },
  max: { name: "MAX", color: "#5b3df5", path: `${BUBBLE}M8 8h1.8L12 10.5 14.2 8H16v5.5h-1.7v-3L12 13l-2.3-2.5v3H8Z` },
  livechat: { name: "", color: "", path: `${BUBBLE}M7.5 8.5h9V10h-9ZM7.5 11.5h6V13h-6Z` },
};

/** The same picture under another name of the service (EVT-9). */
export function messengerOf(service: string): { name: string; color: string; path: string } | undefined {
  return MESSENGERS[service === "instagram_business" ? "instagram" : service];
}
