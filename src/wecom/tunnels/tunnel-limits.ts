import { AppError } from '../../kernel/app-error.js';
import type { Clock } from '../../kernel/clock.js';

const OPEN_MAX = 64;
const NEW_PER_S_MAX = 30;
const SECOND_MS = 1_000;
/** A place may become free at any moment, and the limit of new tunnels covers one second. */
const RETRY_AFTER_S = 1;

interface Tunnels {
  open: number;
  /** When the last `NEW_PER_S_MAX` tunnels began, oldest first. */
  readonly begunAtMs: number[];
}

/** Limits for each bot how many tunnels are open, and how many begin within one second. */
export class TunnelLimits {
  readonly #bots = new Map<string, Tunnels>();

  constructor(private readonly clock: Clock) {}

  /**
   * Counts a new tunnel of the bot.
   * @returns a function to call once, when the tunnel has ended.
   * @throws AppError `TUNNELS_TOO_MANY`
   */
  begin(botId: string): () => void {
    const nowMs = this.clock.elapsedMs();
    const tunnels = this.#bots.get(botId) ?? { open: 0, begunAtMs: [] };
    const [oldest = 0] = tunnels.begunAtMs;
    const isFull = tunnels.begunAtMs.length === NEW_PER_S_MAX;
    if (tunnels.open === OPEN_MAX) throw tooMany(`${OPEN_MAX} are open`);
    if (isFull && nowMs - oldest < SECOND_MS) throw tooMany(`${NEW_PER_S_MAX} were opened within a second`);
    if (isFull) tunnels.begunAtMs.shift();
    tunnels.begunAtMs.push(nowMs);
    tunnels.open++;
    this.#bots.set(botId, tunnels);
    return () => this.#end(botId, tunnels);
  }

  #end(botId: string, tunnels: Tunnels): void {
    tunnels.open--;
    const lastMs = tunnels.begunAtMs.at(-1) ?? 0;
    if (tunnels.open === 0 && this.clock.elapsedMs() - lastMs >= SECOND_MS) this.#bots.delete(botId);
  }
}

function tooMany(detail: string): AppError {
  return new AppError('TUNNELS_TOO_MANY', { detail, retryAfterS: RETRY_AFTER_S });
}
