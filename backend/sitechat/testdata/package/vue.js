import { createApp, defineComponent, h, ref } from "vue";
import { useSiteChat } from "../../package/vue.js";

createApp(
  defineComponent({
    setup() {
      const user = ref("");
      const shown = ref(true);
      const renders = ref(0);
      const chat = useSiteChat(() => (shown.value ? { ...window.chatOptions, config: { color: "#123456", onlinechat: { user_id: user.value } } } : null));
      return () => [
        h("button", { id: "own", disabled: !chat.value, onClick: () => chat.value.show() }, "Ask us"),
        h("button", { id: "user", onClick: () => (user.value = "c-77") }, "Sign in"),
        h("button", { id: "again", onClick: () => renders.value++ }, "Render " + renders.value),
        h("button", { id: "off", onClick: () => (shown.value = !shown.value) }, "On and off"),
      ];
    },
  }),
).mount("#app");
