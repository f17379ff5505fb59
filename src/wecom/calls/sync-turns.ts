const WINDOW_MS = 60_000;
/** Whoever has not asked for so long is not counted any more. */
const IDLE_MS = 2 * WINDOW_MS;
/** Pulls that are kept back for newcomers while some bots have not asked yet. */
const RESERVED = 2;

/** The bot and the account that want to pull. */
export interface Asker {
  /** `''` for callers that are no bot. */
  readonly botId: string;
  /** `''` when unknown. */
  readonly openKfId: string;
}

/** The pulls that were granted to a corp, a bot or an account, and its parts: a corp's bots, a bot's accounts. */
class Claim {
  readonly parts = new Map<string, Claim>();
  /** Times of the grants within the last window, by `Clock.elapsedMs`, newest last. */
  grantsMs: number[] = [];
  askedAtMs = 0;

  get lastGrantMs(): number {
    return this.grantsMs.at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  /** Notes that the part with this name asks, and returns it. Forgets parts that have not asked lately. */
  ask(name: string, nowMs: number): Claim {
    for (const [key, { askedAtMs }] of this.parts) if (nowMs - askedAtMs >= IDLE_MS) this.parts.delete(key);
    const part = this.parts.get(name) ?? new Claim();
    part.askedAtMs = nowMs;
    part.grantsMs = part.grantsMs.filter((atMs) => nowMs - atMs < WINDOW_MS);
    this.parts.set(name, part);
    return part;
  }

  /** @param share how many grants all parts together may have in a window. @returns whether it is the part's turn. */
  isTurnOf(part: Claim, share: number): boolean {
    const others = [...this.parts.values()].filter((one) => one !== part);
    if (part.grantsMs.length >= shareOf(share, others.length + 1)) return false;
    return others.filter(({ lastGrantMs }) => lastGrantMs < part.lastGrantMs).length < share;
  }
}

/**
 * WeCom allows a corp few pulls without a sync token in a minute. They are shared equally among the bots that ask, and within a
 * bot among its accounts. When more ask than there are pulls, the one whose last pull is longest ago goes first.
 */
export class SyncTurns {
  readonly #corps = new Map<string, Claim>();

  constructor(private readonly max: number) {}

  /**
   * Grants a pull when it is the asker's turn.
   * @param bots how many bots the corp has.
   * @returns a function that takes the grant back; or the milliseconds after which to ask again.
   */
  take(corp: string, { botId, openKfId }: Asker, bots: number, nowMs: number): (() => void) | number {
    const all = this.#corps.get(corp) ?? new Claim();
    this.#corps.set(corp, all);
    const bot = all.ask(botId, nowMs);
    const account = bot.ask(openKfId, nowMs);
    const isAlone = all.parts.size >= bots;
    const share = isAlone ? this.max : Math.max(1, this.max - RESERVED);
    const ofBot = shareOf(share, all.parts.size);
    if (!all.isTurnOf(bot, share) || !bot.isTurnOf(account, ofBot)) return waitMs(account, bot, nowMs);
    for (const one of [bot, account]) one.grantsMs.push(nowMs);
    return () => {
      for (const one of [bot, account]) one.grantsMs.splice(one.grantsMs.indexOf(nowMs), 1);
    };
  }
}

function shareOf(whole: number, parts: number): number {
  return Math.max(1, Math.floor(whole / parts));
}

/** Until the oldest grant of the account, else of the bot, leaves the window; 5 s when neither has one. */
function waitMs(account: Claim, bot: Claim, nowMs: number): number {
  const [oldestMs = nowMs - WINDOW_MS + 5_000] =
    account.grantsMs.length > 0 ? account.grantsMs : bot.grantsMs;
  return Math.max(1, oldestMs + WINDOW_MS - nowMs);
}
