/** The state of an account is the first of these that applies. */
export const ACCOUNT_STATES = [
  /** Replies fail, something is dead, its bot's token is refused, or its bot cannot be reached. */
  'failing',
  /** Something was taken, and no reply followed in time, though its replies pass through the manager; also if many get none. */
  'silent',
  /** Something waits for over 10 s. */
  'waiting',
  /** Nobody takes its events, and some came. */
  'unserved',
  /** Its bot is paused. */
  'paused',
  /** Its puppet has deregistered, or no client of its bot is connected. */
  'offline',
  /** Its events are taken, and no reply passed through the manager. */
  'unseen',
  /** WeCom accepted a reply within the last hour. */
  'working',
  /** Nothing came within the last hour. */
  'quiet',
] as const;
export type AccountState = (typeof ACCOUNT_STATES)[number];
