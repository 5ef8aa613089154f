import { useEffect, useState } from "react";
import { mountChat } from "./index.js";

// Options are compared by what they say, so that a new object on each render does not start the chat anew. An element is only
// known to be one: what frameworks hang on it goes in circles.
function spoken(options) {
  return JSON.stringify(options, (key, value) => (key === "container" && typeof value === "object" ? "element" : value));
}

export function useSiteChat(options) {
  const [chat, setChat] = useState(null);
  const said = spoken(options);
  useEffect(() => {
    if (!options) return undefined;
    const made = mountChat(options);
    setChat(made);
    return () => {
      made.unmount();
      setChat(null);
    };
  }, [said]);
  return chat;
}
