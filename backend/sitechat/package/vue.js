import { onBeforeUnmount, onMounted, shallowRef, toValue, watch } from "vue";
import { mountChat } from "./index.js";

export function useSiteChat(options) {
  const chat = shallowRef(null);
  const end = () => {
    chat.value?.unmount();
    chat.value = null;
  };
  // Not before it is on the page: a server that renders has none.
  onMounted(() =>
    watch(
      () => toValue(options),
      (wanted) => {
        end();
        if (wanted) chat.value = mountChat(wanted);
      },
      { immediate: true, deep: true },
    ),
  );
  onBeforeUnmount(end);
  return chat;
}
