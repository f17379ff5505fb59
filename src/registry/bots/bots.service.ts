import { randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { withinDeadline } from '../../kernel/deadline.js';
import { LOG, type Log } from '../../kernel/log.js';
import type { Requester } from '../../kernel/role.js';
import type { Secret } from '../../kernel/secret.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { type Records, RecordStore } from '../../storage/records/records.js';
import {
  type Bot,
  type BotKey,
  BOTS_MAX,
  hashOfKey,
  isOpen,
  KEY_PREFIX,
  listedIn,
  makeSigningSecret,
} from './bot.js';
import type { KindDto } from './kinds.dto.js';
import { type KnownBot, KnownBots, type OpenBot } from './known-bots.js';
import { BOTS, readBot, replacing, type StoredBot, toStored } from './stored-bot.js';

/** How long a write may take. Long, since only an operator waits for it. */
const WRITE_LIMIT_MS = 10_000;

/** A bot with its key, which is shown once. */
export interface BotWithKey {
  readonly bot: KnownBot;
  readonly key: string;
}

/** Is told of accounts whose events may go elsewhere, since an operator added, changed or deleted a bot. */
export abstract class BotsListener {
  /** @param moved those of the accounts that may now belong to a bot which existed before. */
  abstract changed(corpId: string, openKfIds: ReadonlySet<string>, moved: readonly string[]): void;

  /** A bot of the corp is paused no more. */
  abstract resumed(corpId: string): void;

  /** An agent has other settings: that its service failed says nothing any more. @param endpoint as in `Endpoint.href`. */
  abstract agentChanged(endpoint: string): void;
}

/** The bots that operators add, change and delete at run time. */
@Injectable()
export class BotsService {
  readonly #stored: Records<StoredBot>;

  constructor(
    private readonly known: KnownBots,
    records: RecordStore,
    private readonly image: RegistryImage,
    private readonly listener: BotsListener,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.#stored = records.of(BOTS);
  }

  /** Bots whose sort keys come after `key`, sorted by `botSortKey`; from memory. @param corpId `null` for all. */
  after(key: string, corpId: string | null, limit: number): readonly KnownBot[] {
    const isWanted = (bot: KnownBot) => botSortKey(bot) > key && (corpId === null || bot.corpId === corpId);
    const all = this.known.list().filter(isWanted);
    return all.sort((a, b) => (botSortKey(a) < botSortKey(b) ? -1 : 1)).slice(0, limit);
  }

  /** @throws AppError `BOT_NOT_FOUND`, `STORE_UNAVAILABLE` */
  async get(id: string): Promise<KnownBot> {
    // Another replica may have added it a moment ago.
    if (this.known.find(id) === null) await this.known.read();
    const bot = this.known.find(id);
    if (bot === null) throw new AppError('BOT_NOT_FOUND');
    return bot;
  }

  /**
   * The bot has its accounts from now on, and gets what waits for them.
   * @throws AppError `BOT_ACCOUNT_TAKEN`, `BOTS_FULL`, `REGISTRY_NOT_LOADED`; `STORE_UNAVAILABLE`, and it may then have
   *   been added or not.
   */
  async add(given: KindDto, asked: Requester): Promise<BotWithKey> {
    this.#requireLoaded();
    if (this.known.size >= BOTS_MAX) throw new AppError('BOTS_FULL');
    const key = newKey();
    const keys: BotKey[] = [{ hash: hashOfKey(key), untilMs: null }];
    const ids = { id: randomUUID(), revision: randomUUID() };
    const settings = toStored(given, makeSigningSecret());
    const bot = { ...settings, ...ids, keys, createdAtMs: this.storeClock.nowMs() };
    const outcome = await this.#write('add bot', this.#stored.add(bot));
    if (outcome === 'taken') throw this.#taken(bot);
    const known = this.known.written(readBot(bot));
    this.#log(known, asked, 'bot.added');
    this.listener.changed(known.corpId, new Set(listedIn(known)), []);
    return { bot: known, key };
  }

  /**
   * @param change gives the whole body of the bot as it is to be. It may be slow: a change by somebody else meanwhile stays, and this one fails.
   * @throws AppError `BOT_NOT_FOUND`, `BOT_ACCOUNT_TAKEN`, `BOT_CLOSED`, `BOT_CHANGED` when somebody else has just changed
   *   it, and what `change` throws; `STORE_UNAVAILABLE`, and it may then have been changed or not.
   */
  async change(
    id: string,
    change: (bot: OpenBot) => KindDto | Promise<KindDto>,
    asked: Requester,
  ): Promise<KnownBot> {
    this.#requireLoaded();
    const before = await this.#getOpen(id);
    const given = await change(before);
    const settings = toStored(given, signingSecretFor(before, given));
    const known = await this.#replace(before, settings);
    this.#log(known, asked, 'bot.changed');
    const isSame = before.takesMessagesSinceMs === known.takesMessagesSinceMs;
    const added = listedIn(known).filter((id) => !before.openKfIds.includes(id));
    const accounts = new Set([...listedIn(before), ...listedIn(known)]);
    this.listener.changed(known.corpId, accounts, isSame ? added : []);
    if (before.paused && !known.paused) this.listener.resumed(known.corpId);
    const { kind, endpoint } = before;
    if (kind === 'agent' && !('must' in endpoint)) this.listener.agentChanged(endpoint.href);
    return known;
  }

  /**
   * Gives the bot another key. The current one is valid for `overlapMs` more, earlier ones end.
   * @throws AppError as `change`
   */
  async renewKey(id: string, overlapMs: number, asked: Requester): Promise<BotWithKey> {
    this.#requireLoaded();
    const before = await this.#getOpen(id);
    const key = newKey();
    const untilMs = this.storeClock.nowMs() + overlapMs;
    const old = before.keys.slice(0, 1).map(({ hash }) => ({ hash, untilMs }));
    const keys = [{ hash: hashOfKey(key), untilMs: null }, ...(overlapMs > 0 ? old : [])];
    const bot = await this.#replace(before, { keys });
    this.log.info({ botId: id, overlapMs, ...asked }, 'bot.key_renewed');
    return { bot, key };
  }

  /**
   * Its accounts go to the puppets that have registered them, or to the corp's bot of all other accounts.
   * @returns the bot as it was.
   * @throws AppError `BOT_NOT_FOUND`; `STORE_UNAVAILABLE`, and it may then take effect late.
   */
  async remove(id: string, asked: Requester): Promise<KnownBot> {
    this.#requireLoaded();
    const before = await this.get(id);
    const wasThere = await this.#write('remove bot', this.#stored.remove(id));
    this.known.removed(id);
    if (!wasThere) throw new AppError('BOT_NOT_FOUND');
    this.#log(before, asked, 'bot.removed');
    const accounts = listedIn(before);
    this.listener.changed(before.corpId, new Set(accounts), accounts);
    return before;
  }

  #requireLoaded(): void {
    if (!this.image.isLoaded) throw new AppError('REGISTRY_NOT_LOADED');
  }

  /** Its secrets are written whole, so only a process that knows them may change it. */
  async #getOpen(id: string): Promise<OpenBot> {
    const bot = await this.get(id);
    if (!isOpen(bot)) throw new AppError('BOT_CLOSED');
    return bot;
  }

  /** What neither this version nor the change knows of the stored bot stays there. */
  async #replace(before: OpenBot, change: Partial<StoredBot>): Promise<KnownBot> {
    const { id, revision } = before;
    const changed = replacing(revision, randomUUID(), (stored) => ({ ...stored, ...change }));
    const { outcome, record } = await this.#write('change bot', this.#stored.change(id, changed));
    if (outcome === 'taken') throw this.#taken({ ...before, ...change });
    if (outcome === 'written' && record !== null) return this.known.written(readBot(record));
    await this.known.load();
    throw new AppError(this.known.find(id) === null ? 'BOT_NOT_FOUND' : 'BOT_CHANGED');
  }

  #taken({ id, corpId, openKfIds }: Pick<Bot, 'id' | 'corpId' | 'openKfIds'>): AppError {
    const taken = openKfIds.find((one) => {
      const other = one === '*' ? this.known.findOfOthers(corpId) : this.known.findListed(corpId, one);
      return other !== null && other.id !== id;
    });
    return new AppError('BOT_ACCOUNT_TAKEN', taken === undefined ? {} : { detail: taken });
  }

  #log({ id, name, corpId, kind, takes, api, paused, openKfIds }: Bot, asked: Requester, line: string): void {
    const accounts = openKfIds.length;
    this.log.info({ botId: id, name, corpId, kind, takes, api, paused, accounts, ...asked }, line);
  }

  /** A write that failed may have reached the store. So all bots are read again once the store answers. */
  async #write<T>(what: string, work: Promise<T>): Promise<T> {
    try {
      return await withinDeadline(WRITE_LIMIT_MS, what, work);
    } catch (error) {
      void work
        .catch(() => {})
        .then(() => this.known.load())
        .catch(() => {});
      throw error;
    }
  }
}

/** A bot that was stored before there were signing secrets gets one when it begins to take messages. */
function signingSecretFor({ secrets: { signingSecret } }: OpenBot, { takes }: KindDto): Secret {
  return takes === 'message' && signingSecret.reveal() === '' ? makeSigningSecret() : signingSecret;
}

/** The sort key of bots. Sorted by it, the bots of a corp follow each other. */
export function botSortKey({ corpId, id }: Pick<Bot, 'corpId' | 'id'>): string {
  return `${corpId} ${id}`;
}

/** 256 random bits. */
function newKey(): string {
  return `${KEY_PREFIX}${randomBytes(32).toString('base64url')}`;
}
