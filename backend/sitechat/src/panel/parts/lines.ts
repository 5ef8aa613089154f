// The ways of the stream for networks where a WebSocket does not get through.
export { eventsTransport } from "../stream/events";
export { pollTransport } from "../stream/poll";
