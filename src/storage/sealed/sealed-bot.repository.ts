import { SealError, type Sealer } from '../../crypto/sealer.js';
import { AppError } from '../../kernel/app-error.js';
import type { Log } from '../../kernel/log.js';
import { Secret } from '../../kernel/secret.js';
import type { Bot } from '../../registry/bots/bot.js';
import { BotRepository, type BotWrite } from '../../registry/bots/bot.repository.js';
import { openBot, sealBot } from './bot-secrets.js';
import { MissingKeys } from './missing-keys.js';

/**
 * Seals secrets before an adapter stores them, and opens them afterwards. As with puppets, the manager does not
 * start on a store whose key is missing. Later, a bot that cannot be opened is known without its secrets, and
 * the log says so once. It cannot be written so, which would lose what is sealed.
 */
export class SealedBotRepository extends BotRepository {
  #hasLoaded = false;
  /** Bots already reported as unreadable. */
  readonly #closed = new Set<string>();

  constructor(
    private readonly inner: BotRepository,
    private readonly sealer: Sealer,
    private readonly log: Log,
  ) {
    super();
  }

  override async load(): Promise<readonly Bot[]> {
    const missing = this.#hasLoaded ? null : new MissingKeys('bot');
    const bots = (await this.inner.load()).map((bot) => this.#open(bot, missing));
    if (missing !== null && !missing.isEmpty) throw missing.toError(this.sealer.hasKeys);
    this.#hasLoaded = true;
    return bots;
  }

  override async changes(): Promise<readonly Bot[] | null> {
    const bots = await this.inner.changes();
    return bots?.map((bot) => this.#open(bot, null)) ?? null;
  }

  /** @throws AppError `BOT_CLOSED`, also `replace` */
  override async add(bot: Bot): Promise<'written' | 'taken'> {
    return this.inner.add(this.#seal(bot));
  }

  override async replace(bot: Bot, revision: string): Promise<BotWrite> {
    return this.inner.replace(this.#seal(bot), revision);
  }

  override remove(id: string): Promise<boolean> {
    return this.inner.remove(id);
  }

  #seal(bot: Bot): Bot {
    if (bot.secrets.reveal() === '') throw new AppError('BOT_CLOSED');
    return sealBot(bot, this.sealer);
  }

  /** @param missing collects the missing keys, instead of a log line. */
  #open(bot: Bot, missing: MissingKeys | null): Bot {
    try {
      const opened = openBot(bot, this.sealer);
      this.#closed.delete(bot.id);
      return opened;
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      if (missing !== null && error.isKeyUnknown) missing.add(error.keyId);
      else this.#sayClosed(bot, error);
      return { ...bot, secrets: new Secret('') };
    }
  }

  #sayClosed({ id, corpId }: Bot, { keyId, isKeyUnknown }: SealError): void {
    if (this.#closed.has(id)) return;
    this.#closed.add(id);
    const reason = isKeyUnknown
      ? 'SECRETS_KEY does not have this key; add it, or delete the bot and add it again'
      : 'the record was changed or moved by someone else; delete the bot and add it again';
    this.log.error({ botId: id, corpId, keyId, reason }, 'secrets.cannot_open');
  }
}
