// A small application: a person signs in and out, the chat follows. Strict mode mounts everything twice.
import { createElement as h, StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { useSiteChat } from "../../package/react.js";

function App() {
  const [user, setUser] = useState("");
  const [shown, setShown] = useState(true);
  const [renders, setRenders] = useState(0);
  const chat = useSiteChat(shown ? { ...window.chatOptions, config: { color: "#123456", onlinechat: { user_id: user } } } : null);
  return h(
    "main",
    null,
    h("button", { id: "own", disabled: !chat, onClick: () => chat.show() }, "Ask us"),
    h("button", { id: "user", onClick: () => setUser("c-77") }, "Sign in"),
    h("button", { id: "again", onClick: () => setRenders(renders + 1) }, "Render " + renders),
    h("button", { id: "off", onClick: () => setShown(!shown) }, "On and off"),
  );
}

createRoot(document.getElementById("app")).render(h(StrictMode, null, h(App)));
