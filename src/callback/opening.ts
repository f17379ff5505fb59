/**
 * From keys, query, body and time to the event, or to the refusal. Nobody is asked, and nothing is noted. Anybody can send a
 * callback, so each step costs little until the signature is found good.
 */
import { isAscii } from 'node:buffer';
import { hash, randomUUID } from 'node:crypto';
import { isSignedWith, type OpenedText, type SignedText } from '../crypto/wecom-cipher.js';
import type { WecomCiphers } from '../crypto/wecom-ciphers.js';
import { AppError } from '../kernel/app-error.js';
import type { CorpKeys } from '../registry/keys/known-corps.js';
import type { CorpPair } from '../registry/keys/shared-keys.js';
import { parseXmlDocument, scanXml } from './xml.js';

/** A text that `pair` opened, with a receive id that the corp has. */
export interface OpenedCallback extends OpenedText {
  readonly pair: CorpPair;
}

/** The fields of an opened callback that routing needs. */
export interface OpenedEvent {
  readonly event: string;
  readonly toUserName: string;
  /** `''` when the event names no kf account. */
  readonly openKfId: string;
  /** `''` when it carries none. */
  readonly syncToken: string;
  /** `CreateTime`, seconds since the epoch; `null` when it carries none. */
  readonly createdAtS: number | null;
}

/**
 * How many untrusted pairs of a corp are tried for one callback. Every caller that may register can add any number of
 * pairs, and each pair costs a hash. No corp has this many apps. Pairs that WeCom accepted are always tried.
 */
export const UNTRUSTED_PAIRS_MAX = 64;

/**
 * Long enough to ask WeCom about a registration. Once WeCom accepts the secret, its keys no
 * longer compete with others for a place.
 */
const SKIPPED_RETRY_AFTER_S = 10;

const NEWS_EVENT = 'kf_msg_or_event';
const SECONDS = /^\d{1,12}$/;
const EVENT_NAME = /^\w{1,64}$/;

/**
 * The encrypted text of a callback's body. The other elements of the envelope are not read: WeCom's
 * signature does not cover them. Anybody can send an envelope, so only the scanner reads it.
 * @throws AppError `CALLBACK_ENVELOPE_MALFORMED`
 */
export function parseEnvelope(body: Buffer): string {
  const text = isAscii(body) ? body.toString('latin1') : decodeUtf8(body);
  const fields = text === null ? null : scanXml(text);
  const encrypted = fields?.get('Encrypt');
  if (!encrypted) {
    throw new AppError('CALLBACK_ENVELOPE_MALFORMED', { detail: reasonOf(body, fields !== null) });
  }
  return encrypted;
}

/**
 * The signature selects the pair. Pairs share a callback token when an admin renewed only the key; then the
 * pair that opens the text is the right one. A trusted pair wins over others.
 * @throws AppError `CALLBACK_SIGNATURE_MISMATCH`, `CALLBACK_RECEIVE_ID_MISMATCH`, `CALLBACK_KEYS_SKIPPED`, `CIPHER_…`
 */
export function openSigned(
  signed: SignedText,
  { pairs, receiveIds }: CorpKeys,
  ciphers: WecomCiphers,
): OpenedCallback {
  let failure: AppError | null = null;
  let untrusted: OpenedCallback | null = null;
  const toTry = pickPairs(pairs);
  for (const pair of toTry.pairs) {
    if (!isSignedWith(pair.callbackToken, signed)) continue;
    try {
      const { message, receiveId } = ciphers.of(pair.encodingAESKey).open(signed.encrypted);
      const opened = { message, receiveId, pair };
      if (!receiveIds.has(receiveId)) failure = new AppError('CALLBACK_RECEIVE_ID_MISMATCH');
      else if (pair.isTrusted) return opened;
      else untrusted ??= opened;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      failure = error;
    }
  }
  if (untrusted !== null) return untrusted;
  // Nobody knows whether the corp's own key signed it, so the answer must not say that it did not.
  if (toTry.skipped > 0) {
    const internal = { skipped: toTry.skipped };
    throw new AppError('CALLBACK_KEYS_SKIPPED', { retryAfterS: SKIPPED_RETRY_AFTER_S, internal });
  }
  // Created only here: creating an unused error, with its stack, took a twentieth of a callback's time.
  throw failure ?? new AppError('CALLBACK_SIGNATURE_MISMATCH');
}

/**
 * All trusted pairs, and as many untrusted ones as may be tried. Places are shared among the callers that
 * registered the pairs, so one caller cannot fill them all; each caller's oldest pairs come first.
 */
export function pickPairs(pairs: CorpKeys['pairs']): { pairs: Iterable<CorpPair>; skipped: number } {
  // Does not look at each pair: every callback takes this path.
  if (pairs.size <= UNTRUSTED_PAIRS_MAX) return { pairs: pairs.values(), skipped: 0 };
  const all = [...pairs.values()];
  const untrusted = all.filter(({ isTrusted }) => !isTrusted);
  const skipped = untrusted.length - UNTRUSTED_PAIRS_MAX;
  if (skipped <= 0) return { pairs: all, skipped: 0 };
  const picked = shareOut(untrusted);
  return { pairs: [...all.filter(({ isTrusted }) => isTrusted), ...picked], skipped };
}

/**
 * A signed timestamp may be so far from our time: without a limit, a captured callback could be replayed for ever. Check it
 * last: a sender that cannot sign learns nothing from it.
 * @param timestamp of the query, in seconds; digits.
 * @param skewSMax 0 for no limit.
 * @throws AppError `CALLBACK_TIMESTAMP_OFF`
 */
export function checkSkew(timestamp: string, nowMs: number, skewSMax: number): void {
  if (skewSMax === 0) return;
  const skewS = Number(timestamp) - nowMs / 1_000;
  if (Math.abs(skewS) <= skewSMax) return;
  throw new AppError('CALLBACK_TIMESTAMP_OFF', { internal: { skewS: Math.round(skewS) } });
}

/**
 * The message is signed, so a shape that the scanner does not know goes to the general parser.
 * @throws AppError `CALLBACK_EVENT_MALFORMED` when it is not XML.
 */
export function parseEvent(message: string): OpenedEvent {
  const fields = scanXml(message) ?? parseXmlDocument(message);
  if (fields === null) throw new AppError('CALLBACK_EVENT_MALFORMED');
  return {
    event: fields.get('Event') ?? fields.get('MsgType') ?? '',
    toUserName: fields.get('ToUserName') ?? '',
    openKfId: fields.get('OpenKfId') ?? '',
    syncToken: fields.get('Token') ?? '',
    createdAtS: toSeconds(fields.get('CreateTime')),
  };
}

/** @param value a `CreateTime`, as a number or as digits. @returns `null` for anything else. */
export function toSeconds(value: unknown): number | null {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && SECONDS.test(text) ? Number(text) : null;
}

/** Whether the event goes to a bot. Any other makes the deployed puppet crash, so it is only acknowledged. */
export function isForBot({ event, openKfId }: OpenedEvent): boolean {
  return event === NEWS_EVENT && openKfId !== '';
}

/** `undefined` unless it has the form of an event name: a sender with the key can write any text, up to 64 kB. */
export function toLoggedName({ event }: OpenedEvent): string | undefined {
  return event === NEWS_EVENT || EVENT_NAME.test(event) ? event : undefined;
}

/**
 * An id that is the same when WeCom repeats the event: a repeat may be encrypted anew, but has the same message.
 * It covers the whole message, `CreateTime` included, since several events may share a sync token.
 */
export function idOfMessage(corpId: string, message: string): string {
  return hash('sha256', `${corpId}\n${message}`, 'base64url');
}

/** The id of an event that a gateway opened. Without a sync token, two of them cannot be distinguished. */
export function idOfDecrypted(
  corpId: string,
  openKfId: string,
  syncToken: string,
  createdAtS: number | null,
): string {
  if (syncToken === '') return randomUUID();
  const fields = [corpId, openKfId, syncToken, ...(createdAtS === null ? [] : [createdAtS])];
  return hash('sha256', fields.join('\n'), 'base64url');
}

/** `null` when it is not UTF-8; a byte order mark is dropped. */
function decodeUtf8(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return null;
  }
}

function reasonOf(body: Buffer, isXml: boolean): string {
  if (body.length === 0) return 'the body is empty';
  return isXml
    ? 'there is not exactly one <Encrypt> with text'
    : 'the body is not well-formed XML of the kind that WeCom sends';
}

/** Takes one pair of each caller in turn until no place is left. There are more pairs than places. */
function shareOut(untrusted: readonly CorpPair[]): CorpPair[] {
  const byCaller = Map.groupBy(untrusted, ({ broughtBy }) => broughtBy);
  const picked: CorpPair[] = [];
  for (let turn = 0; picked.length < UNTRUSTED_PAIRS_MAX; turn++) {
    for (const ofCaller of byCaller.values()) {
      const pair = ofCaller[turn];
      if (pair !== undefined && picked.length < UNTRUSTED_PAIRS_MAX) picked.push(pair);
    }
  }
  return picked;
}
