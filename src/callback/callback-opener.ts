import { Injectable } from '@nestjs/common';
import { isSignedWith, type OpenedText, type SignedText } from '../crypto/wecom-cipher.js';
import { WecomCiphers } from '../crypto/wecom-ciphers.js';
import { AppError } from '../kernel/app-error.js';
import type { TraceContext } from '../kernel/trace-context.js';
import { CallbackKeys } from '../registry/accounts/callback-keys.js';
import type { CorpKeys } from '../registry/keys/known-corps.js';
import type { CorpPair } from '../registry/keys/shared-keys.js';
import { pickPairs } from './pairs-to-try.js';
import { SkewLimit } from './skew-limit.js';

/** A text that `pair` opened, with a receive id that the corp has. */
export interface OpenedCallback extends OpenedText {
  readonly pair: CorpPair;
}

/**
 * Long enough to ask WeCom about a registration. Once WeCom accepts the secret, its keys no
 * longer compete with others for a place.
 */
const SKIPPED_RETRY_AFTER_S = 10;

/** Opens what WeCom sends to a corp, with the key pair that signed it. */
@Injectable()
export class CallbackOpener {
  constructor(
    private readonly keys: CallbackKeys,
    private readonly ciphers: WecomCiphers,
    private readonly skew: SkewLimit,
  ) {}

  /** @throws AppError `CALLBACK_CORP_UNKNOWN`, `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE` */
  async getKeys(corpId: string): Promise<CorpKeys> {
    const keys = this.keys.find(corpId) ?? (await this.keys.lookUp(corpId));
    if (keys === null) throw new AppError('CALLBACK_CORP_UNKNOWN');
    return keys;
  }

  /**
   * Tries these keys, then once more with keys that other replicas learned a moment ago.
   * @throws AppError `CALLBACK_SIGNATURE_MISMATCH`, `CALLBACK_RECEIVE_ID_MISMATCH`, `CALLBACK_KEYS_SKIPPED`,
   * `CALLBACK_TIMESTAMP_OFF`, `CIPHER_…`, `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE`
   */
  async open(corpId: string, keys: CorpKeys, signed: SignedText): Promise<OpenedCallback> {
    let opened: OpenedCallback;
    try {
      opened = this.#openWith(keys, signed);
    } catch (error) {
      const later = await this.keys.findLater(corpId, error);
      if (later === null) throw error;
      opened = this.#openWith(later, signed);
    }
    // Checked last: a sender that cannot sign learns nothing from it.
    this.skew.check(signed.timestamp);
    return opened;
  }

  /**
   * The signature selects the pair. Pairs share a callback token when an admin renewed only the key; then the
   * pair that opens the text is the right one. A trusted pair wins over others.
   */
  #openWith({ pairs, receiveIds }: CorpKeys, signed: SignedText): OpenedCallback {
    let failure: AppError | null = null;
    let untrusted: OpenedCallback | null = null;
    const toTry = pickPairs(pairs);
    for (const pair of toTry.pairs) {
      if (!isSignedWith(pair.callbackToken, signed)) continue;
      try {
        const { message, receiveId } = this.ciphers.of(pair.encodingAESKey).open(signed.encrypted);
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
   * Requires that WeCom accepts the secret that was registered with the pair, since anybody can register a pair for an
   * unknown account. A proven pair may open events of all accounts of its corp.
   * @param limitMs how long WeCom may be asked.
   * @throws AppError `CALLBACK_KEYS_UNPROVEN`, `CALLBACK_KEYS_UNVERIFIED`
   */
  async requireProof(pair: CorpPair, limitMs: number, trace: TraceContext | null): Promise<void> {
    const verdict = await this.keys.prove(pair, limitMs, trace);
    if (verdict === 'accepted') return;
    if (verdict === 'refused') throw new AppError('CALLBACK_KEYS_UNPROVEN');
    const { unknown, retryAfterS } = verdict;
    throw new AppError('CALLBACK_KEYS_UNVERIFIED', { retryAfterS, internal: { unknown } });
  }
}
