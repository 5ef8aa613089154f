/**
 * Black or white, whichever is easier to read on a colour (THM-4). The colour comes as a browser computes it: rgb(r, g, b).
 * Anything else is taken for a dark colour.
 */
export function inkOn(computed: string): "#000" | "#fff" {
  const parts = computed.match(/[\d.]+/g);
  if (!parts || !computed.startsWith("rgb")) return "#fff";
  const [r = 0, g = 0, b = 0] = parts.map((part) => {
    const c = Number(part) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  // White wins where its contrast, 1.05 / (L + 0.05), is at least the 4.5 of WCAG AA; the other one then has more than that.
  return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05) >= 4.5 ? "#fff" : "#000";
}
