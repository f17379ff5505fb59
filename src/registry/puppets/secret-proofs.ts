import { Inject, Injectable } from '@nestjs/common';
import { LOG, type Log } from '../../kernel/log.js';
import type { Secret } from '../../kernel/secret.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { PuppetRepository } from '../../storage/puppets/puppet.repository.js';
import { RegistryImage } from './registry-image.js';
import { inTime, PuppetWrites } from './puppet-writes.js';
import { SecretCheck, type SecretVerdict } from './secret-check.js';
import { type KeyPair, SharedPair, type SharedSecret } from '../keys/shared-keys.js';

/** Long, since the registration was answered and nobody waits. */
const LATER_LIMIT_MS = 5_000;
/** Whoever knows a pair can register it with any number of secrets; only the latest are checked. */
const ASKED_AT_ONCE = 10;

/** Finds out which corpSecrets WeCom accepts, and stores the result. The keys of puppets with an accepted secret are trusted. */
@Injectable()
export class SecretProofs {
  /** Keyed by `secretIdOf`. */
  readonly #beingNoted = new Map<string, Promise<void>>();

  constructor(
    private readonly image: RegistryImage,
    private readonly writes: PuppetWrites,
    private readonly repository: PuppetRepository,
    private readonly secrets: SecretCheck,
    @Inject(LOG) private readonly log: Log,
  ) {
    secrets.onAccepted((corpId, secretId) => this.#note(corpId, secretId));
  }

  /** The id of the secret, if WeCom has accepted it for any puppet of the corp. */
  findAcceptedId(corpId: string, corpSecret: Secret): string | null {
    const shared = this.image.findSecret(corpId, corpSecret);
    return shared?.isAccepted === true ? shared.id : null;
  }

  /** Asks WeCom about the secret of a puppet that has just registered, unless the answer is known. */
  async askLater({ openKfId, corpId, corpSecret, from }: Puppet, trace: TraceContext | null): Promise<void> {
    if (this.findAcceptedId(corpId, corpSecret) !== null) return;
    const verdict = await this.secrets.check({ corpId, corpSecret, from, trace }, LATER_LIMIT_MS);
    if (verdict === 'accepted') return this.#note(corpId, secretIdOf(corpId, corpSecret));
    if (verdict === 'refused') {
      const reason =
        'WeCom does not accept its corpSecret; the account is served, and its keys open events of no other account';
      this.log.warn({ openKfId, corpId, from, reason }, 'registry.secret_refused');
    } else {
      this.log.info({ openKfId, corpId, reason: verdict.unknown }, 'registry.secret_unverified');
    }
  }

  /** Asks WeCom about the secrets of the puppets that use the pair; one accepted secret is enough. */
  prove(pair: KeyPair, limitMs: number, trace: TraceContext | null): Promise<SecretVerdict> {
    const users = pair instanceof SharedPair ? pair.secrets : [];
    const all = users.filter(({ secret }) => secret.reveal() !== '');
    return best(all.slice(-ASKED_AT_ONCE).map((shared) => this.#ask(shared, limitMs, trace)));
  }

  /** Resolves when every accepted secret is stored, or could not be. */
  async whenNoted(): Promise<void> {
    await Promise.all(this.#beingNoted.values());
  }

  async #ask(
    { corpId, secret, id, from }: SharedSecret,
    limitMs: number,
    trace: TraceContext | null,
  ): Promise<SecretVerdict> {
    const verdict = await this.secrets.check({ corpId, corpSecret: secret, from, trace }, limitMs);
    if (verdict === 'accepted') this.#note(corpId, id);
    return verdict;
  }

  #note(corpId: string, secretId: string): void {
    const shared = this.image.findSecretById(corpId, secretId);
    if (shared === null || shared.isAccepted || this.#beingNoted.has(secretId)) return;
    const noted = this.#noteForOne(shared)
      // The next caller that needs it asks again.
      .catch((err: unknown) => this.log.debug({ corpId, err }, 'registry.mark_failed'))
      .finally(() => this.#beingNoted.delete(secretId));
    this.#beingNoted.set(secretId, noted);
  }

  /** Marks one record that has the secret, which is enough. Later registrations with the secret are marked, too. */
  async #noteForOne(shared: SharedSecret): Promise<void> {
    for (const { openKfId } of this.image.usersOf(shared)) {
      // A puppet whose registration is under way asks for itself after the answer.
      if (this.writes.isUnderWay(openKfId)) continue;
      if (await this.#noteFor(openKfId, shared)) return;
    }
  }

  async #noteFor(openKfId: string, { corpId, secret, id }: SharedSecret): Promise<boolean> {
    const write = this.writes.begin(openKfId);
    const isOf = (stored: Puppet | null): boolean =>
      stored?.corpId === corpId && stored.corpSecret.equals(secret);
    const puppet = await inTime(write, this.repository.markAccepted(openKfId, id, isOf));
    write.end(puppet);
    if (puppet !== null) this.log.info({ openKfId, corpId }, 'registry.secret_accepted');
    return puppet !== null;
  }
}

/** Resolves at the first `accepted`; otherwise, when all have answered, `unknown` wins over `refused`. */
function best(verdicts: readonly Promise<SecretVerdict>[]): Promise<SecretVerdict> {
  return new Promise((resolve) => {
    for (const verdict of verdicts) {
      void verdict.then((is) => {
        if (is === 'accepted') resolve(is);
      });
    }
    void Promise.all(verdicts).then((all) => resolve(all.find((is) => is !== 'refused') ?? 'refused'));
  });
}
