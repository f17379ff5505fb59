/**
 * The forms of what WeCom hands out, once for every place that checks them. Lengths of token and key:
 * WeCom's callback configuration, developer.work.weixin.qq.com/document/path/90930.
 */
interface Format {
  readonly pattern: RegExp;
  /** The expected form, worded to follow "must be". */
  readonly expected: string;
}

/**
 * The longest message that is kept, in bytes of its JSON: an entry of `kf/sync_msg`. Every form in which a bot takes messages has
 * room for one; a longer one is dead at once. WeCom names no limit; a forwarded chat record can have some hundred kB.
 */
export const MESSAGE_BYTES_MAX = 2_097_152;

/** Who a message is from (developer.work.weixin.qq.com/document/path/94670). */
export const ORIGIN = { customer: 3, event: 4, servicer: 5 } as const;

/** An entry of an answer to `kf/sync_msg`, before anything in it is checked. */
export type SyncEntry = Readonly<Record<string, unknown>>;

/** Corp ids and kf account ids. Case matters: third-party corp ids differ in nothing else (path/97104). */
export const ID_FORMAT: Format = {
  pattern: /^[A-Za-z0-9_-]{1,64}$/,
  expected: '1 to 64 letters, digits, "_" or "-"',
};

/**
 * The ids of corps that have callbacks. The last words of the callback paths are excluded. Otherwise an endpoint that leads
 * back to the manager, `http://manager/callback`, would make each delivery a callback of the corp `callback`, in an endless
 * loop.
 */
export const CORP_ID_FORMAT: Format = {
  pattern: /^(?!(callback|decrypted)$)[A-Za-z0-9_-]{1,64}$/,
  expected: `${ID_FORMAT.expected}, and not "callback" or "decrypted"`,
};

/**
 * An opened `echostr`: WeCom sends 16 to 20 digits. No other text is returned, because callbacks are sealed and
 * signed in the same way, and a caller could have one opened.
 */
export const ECHO_FORMAT: Format = {
  pattern: /^[A-Za-z0-9]{1,64}$/,
  expected: '1 to 64 letters and digits',
};

export const CALLBACK_TOKEN_FORMAT: Format = {
  pattern: /^[A-Za-z0-9]{1,32}$/,
  expected: "1 to 32 letters and digits, as in the app's callback settings",
};

/**
 * 43 characters carry 258 bits for a key of 256, so two bits are free and most real keys are not
 * canonical base64: never compare or check them by encoding them again.
 */
export const ENCODING_AES_KEY_FORMAT: Format = {
  pattern: /^[A-Za-z0-9]{43}$/,
  expected: "43 letters and digits, as in the app's callback settings",
};

/** WeCom does not document the form. A blank or a line break in it comes from careless pasting. */
export const CORP_SECRET_FORMAT: Format = {
  pattern: /^[\x21-\x7e]{1,256}$/,
  expected: 'the secret of the app, 1 to 256 printable characters without blanks',
};

export const NAME_LENGTH_MAX = 128;
export const RECEIVE_ID_LENGTH_MAX = 128;
export const ENDPOINT_LENGTH_MAX = 2_048;

/** The 32 bytes that an encodingAESKey stands for. */
export function toAesKeyBytes(encodingAESKey: string): Buffer {
  return Buffer.from(`${encodingAESKey}=`, 'base64');
}
