const WINDOW_MS = 60_000;
/** Who has not asked for so long wants nothing now. */
const IDLE_MS = 2 * WINDOW_MS;
/** Left for whoever asks next, where not everybody has asked. */
const RESERVED = 2;

/** Whose pull it is. */
export interface Asker {
  /** The id of the bot; `''` for callers that are none. */
  readonly botId: string;
  /** `''` where that is not known. */
  readonly openKfId: string;
}

/** One who asks: a bot, or one of its accounts. */
class Claim {
  readonly parts = new Map<string, Claim>();
  /** Newest last; on the clock that never jumps. */
  grantsMs: number[] = [];
  askedAtMs = 0;

  get lastGrantMs(): number {
    return this.grantsMs.at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  /** The part with this name, among those that have asked lately. */
  ask(name: string, nowMs: number): Claim {
    for (const [key, { askedAtMs }] of this.parts) if (nowMs - askedAtMs >= IDLE_MS) this.parts.delete(key);
    const part = this.parts.get(name) ?? new Claim();
    part.askedAtMs = nowMs;
    part.grantsMs = part.grantsMs.filter((atMs) => nowMs - atMs < WINDOW_MS);
    this.parts.set(name, part);
    return part;
  }

  /** @param share how many all parts may have in a window. @returns whether it is the part's turn. */
  isTurnOf(part: Claim, share: number): boolean {
    const others = [...this.parts.values()].filter((one) => one !== part);
    if (part.grantsMs.length >= shareOf(share, others.length + 1)) return false;
    return others.filter(({ lastGrantMs }) => lastGrantMs < part.lastGrantMs).length < share;
  }
}

/**
 * Shares the few pulls without a sync token that a corp has in a minute by turns of bot, and within a bot by turns of account:
 * each has an equal part of them, and where there are more who want one, those go first who had none for longest.
 */
export class SyncTurns {
  readonly #corps = new Map<string, Claim>();

  constructor(private readonly max: number) {}

  /**
   * Counts it as granted, if it is the asker's turn.
   * @param bots how many the corp has.
   * @returns what takes it back; or in how many milliseconds to ask again.
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

/** Until one that it has had counts no more; some seconds where it has had none. */
function waitMs(account: Claim, bot: Claim, nowMs: number): number {
  const [oldestMs = nowMs - WINDOW_MS + 5_000] =
    account.grantsMs.length > 0 ? account.grantsMs : bot.grantsMs;
  return Math.max(1, oldestMs + WINDOW_MS - nowMs);
}
