import type { MaybeRefOrGetter, ShallowRef } from "vue";
import type { Chat, ChatOptions } from "./index";

/** The chat while the component is on the page; null before, and for `null` options. Other options start it anew. */
export function useSiteChat(options: MaybeRefOrGetter<ChatOptions | null>): ShallowRef<Chat | null>;
