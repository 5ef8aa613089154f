// What the tabs of one browser share: the messages under way, and one stream.
export { openOutbox } from "../browser/outbox";
export { openKeep } from "../browser/keep";
export { joinTabs } from "../browser/tabs";
export { pollOnce } from "../stream/poll";
