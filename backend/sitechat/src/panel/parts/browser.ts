// What the tabs of one browser share: the messages under way, one stream, and whose they are. The panel waits for it; it stands apart so that
// it comes beside the panel's script.
export { openOutbox } from "../browser/outbox";
export { openKeep } from "../browser/keep";
export { openKept } from "../browser/keeper";
export { joinTabs } from "../browser/tabs";
export { pollOnce } from "../stream/poll";
export { makeChoice } from "../stream/choice";
export { makeStream } from "../stream/stream";
export { socketTransport } from "../stream/transport";
