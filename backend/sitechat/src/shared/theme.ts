/** The colours of `onlinechat.theme` (O §2.5), by their place in it. */
export const THEME_COLORS = [
  "background",
  "system_color",
  "header.background",
  "header.color",
  "message.outgoing_background",
  "message.outgoing_color",
  "message.incoming_background",
  "message.incoming_color",
  "compose.button_background",
] as const;

/** One of them. */
export type ThemeColor = (typeof THEME_COLORS)[number];

/** `onlinechat.theme`, checked: only what the site gave. */
export type Theme = {
  colors: Partial<Record<ThemeColor, string>>;
  /** Least height of the input, in pixels; 0 for the usual one. */
  height: number;
  /** False where the site wants no header at all. */
  header: boolean;
};
