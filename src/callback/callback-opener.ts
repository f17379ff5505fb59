import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { toVerificationQuery, type VerificationQuery } from '../crypto/verification-query.js';
import type { SignedText } from '../crypto/wecom-cipher.js';
import { WecomCiphers } from '../crypto/wecom-ciphers.js';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import type { TraceContext } from '../kernel/trace-context.js';
import { type CorpKeys, KnownCorps } from '../registry/keys/known-corps.js';
import type { CorpPair } from '../registry/keys/shared-keys.js';
import type { SecretVerdict } from '../registry/puppets/secret-check.js';
import { SecretProofs } from '../registry/puppets/secret-proofs.js';
import { RegistryReads } from '../registry/sync/registry-reads.js';
import { callbackConfig } from './callback.config.js';
import { checkSkew, type OpenedCallback, openSigned } from './opening.js';

/** Finds the keys of a corp, and opens with them what WeCom sends to it. The rules are in `opening.ts`. */
@Injectable()
export class CallbackOpener {
  readonly #skewSMax: number;

  constructor(
    private readonly corps: KnownCorps,
    private readonly reads: RegistryReads,
    private readonly proofs: SecretProofs,
    private readonly ciphers: WecomCiphers,
    private readonly clock: Clock,
    @Inject(callbackConfig.KEY) config: Pick<ConfigType<typeof callbackConfig>, 'callbackSkewSMax'>,
  ) {
    this.#skewSMax = config.callbackSkewSMax;
  }

  /**
   * From memory; from the store where memory knows none.
   * @throws AppError `CALLBACK_CORP_UNKNOWN`, `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE`
   */
  async getKeys(corpId: string): Promise<CorpKeys> {
    const known = this.corps.find(corpId);
    if (known !== null) return known;
    await this.reads.lookUpCorp(corpId);
    const keys = this.corps.find(corpId);
    if (keys === null) throw new AppError('CALLBACK_CORP_UNKNOWN');
    return keys;
  }

  /**
   * The request that WeCom sends when a callback URL is saved, so that a caller without the corp's keys can try whether a URL leads
   * to this manager. Signed with a trusted key pair of the corp; with any pair of the corp if none is trusted.
   * @throws as `getKeys`
   */
  async makeVerification(corpId: string): Promise<VerificationQuery> {
    const { pairs } = await this.getKeys(corpId);
    const all = [...pairs.values()];
    const pair = all.find(({ isTrusted }) => isTrusted) ?? all[0];
    if (pair === undefined) throw new AppError('CALLBACK_CORP_UNKNOWN');
    const { callbackToken, encodingAESKey } = pair;
    return toVerificationQuery({ corpId, callbackToken, encodingAESKey }, this.clock.nowMs());
  }

  /**
   * Tries these keys, then once more with keys that other replicas learned a moment ago.
   * @throws AppError `CALLBACK_SIGNATURE_MISMATCH`, `CALLBACK_RECEIVE_ID_MISMATCH`, `CALLBACK_KEYS_SKIPPED`,
   * `CALLBACK_TIMESTAMP_OFF`, `CIPHER_…`, `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE`
   */
  async open(corpId: string, keys: CorpKeys, signed: SignedText): Promise<OpenedCallback> {
    let opened: OpenedCallback;
    try {
      opened = openSigned(signed, keys, this.ciphers);
    } catch (error) {
      const later = (await this.reads.catchUp(error)) ? this.corps.find(corpId) : null;
      if (later === null) throw error;
      opened = openSigned(signed, later, this.ciphers);
    }
    checkSkew(signed.timestamp, this.clock.nowMs(), this.#skewSMax);
    return opened;
  }

  /**
   * Requires that WeCom accepts the secret that was registered with the pair, since anybody can register a pair for an
   * unknown account. A proven pair may open events of all accounts of its corp.
   * @param limitMs how long WeCom may be asked.
   * @throws AppError `CALLBACK_KEYS_UNPROVEN`, `CALLBACK_KEYS_UNVERIFIED`
   */
  async requireProof(pair: CorpPair, limitMs: number, trace: TraceContext | null): Promise<void> {
    const verdict = await this.#prove(pair, limitMs, trace);
    if (verdict === 'accepted') return;
    if (verdict === 'refused') throw new AppError('CALLBACK_KEYS_UNPROVEN');
    const { unknown, retryAfterS } = verdict;
    throw new AppError('CALLBACK_KEYS_UNVERIFIED', { retryAfterS, internal: { unknown } });
  }

  /** Another replica may have noted it; otherwise WeCom is asked about the puppets that use the pair. */
  async #prove(pair: CorpPair, limitMs: number, trace: TraceContext | null): Promise<SecretVerdict> {
    const startedMs = this.clock.elapsedMs();
    // The read updates `pair.isTrusted`.
    await this.reads.catchUp().catch(() => {});
    if (pair.isTrusted) return 'accepted';
    const leftMs = limitMs - (this.clock.elapsedMs() - startedMs);
    return this.proofs.prove(pair, Math.max(0, leftMs), trace);
  }
}
