import type { Chat, ChatOptions } from "./index";

/**
 * The chat while the component is on the page; null before, and for `null` options (nobody is to have a chat). Other options
 * start it anew: so the chat follows the user who signs in.
 */
export function useSiteChat(options: ChatOptions | null): Chat | null;
