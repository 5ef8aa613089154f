/**
 * Fills a link's markers (VIS-5) so that the CRM glues the messenger's chat to who is here: the id that the CRM's own visitor pixel
 * has where the site carries it (VIS-4), and the site's mark of who wrote. Empty where there is none.
 */
export function fillLink(link: string, globals: Record<string, unknown>, cookies: string): string {
  const session = /(?:^|; )amo-livechat-id=([\w.:-]{1,128})(?:;|$)/.exec(cookies)?.[1] ?? "";
  return link.replace("{{visitor_uid}}", encodeURIComponent(pixelUID(globals))).replace("{{session_id}}", encodeURIComponent(session));
}

function pixelUID(globals: Record<string, unknown>): string {
  try {
    const uid = (globals.AMOPIXEL_IDENTIFIER as { getVisitorUid?: () => unknown } | undefined)?.getVisitorUid?.();
    return typeof uid === "string" ? uid.slice(0, 128) : "";
  } catch {
    return ""; // Of the site's own making.
  }
}

/** Whether a link may stand on a page: of the web, or of a messenger's application; the server has looked closer (SEC-9). */
export function isLink(link: string): boolean {
  return /^(https?:\/\/|(whatsapp|tg|viber|fb-messenger|instagram|vk|skype|weixin|line|max):)/i.test(link);
}
