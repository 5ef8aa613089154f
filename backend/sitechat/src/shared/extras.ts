/** What of a button is wanted beyond the plain launcher (http-api.md §3, Config): only what is in use is there. */
export type Extras = {
  /** The messengers, in their order. */
  channels?: Channel[];
  /** They stand above each other. */
  vertical?: boolean;
  /** The button stands at the left, at the top: the messengers open towards the page's middle. */
  left?: boolean;
  top?: boolean;
  /** Text of the greeting's bubble, which shows by itself. */
  greeting?: string;
  animation?: AnimationName;
  /** The button has key actions, which are asked for apart. */
  actions?: boolean;
};

/** A messenger: its code (EVT-9) and its address, which may hold the markers of VIS-5. */
export type Channel = { service: string; link: string };

/** What a launcher does so that it is noticed. */
export type AnimationName = "waves" | "tremble" | "shake";
