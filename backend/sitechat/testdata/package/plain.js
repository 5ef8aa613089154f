import { mountChat } from "../../package/index.js";

window.mountChat = mountChat;
