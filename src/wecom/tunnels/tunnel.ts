import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../kernel/clock.js';
import { errorCodeOf } from '../../kernel/error-code.js';
import type { TunnelEnd, TunnelMetrics } from './tunnel-metrics.js';

const IDLE_MS = 60_000;
/** The longest time between two checks of the bot's key. */
const CHECK_MS = 5_000;

export interface EndedTunnel {
  readonly why: TunnelEnd;
  /** The system's code of the failure, such as `ECONNRESET`. */
  readonly reason: string | undefined;
  readonly toWecomBytes: number;
  readonly fromWecomBytes: number;
}

/**
 * Joins two connections into one. Half-closes and backpressure pass through, and neither side outlives the other. It
 * counts bytes and interprets none.
 */
export class Tunnel {
  readonly #sockets: readonly [Socket, Socket];
  readonly #ended = Promise.withResolvers<EndedTunnel>();
  #toWecomBytes = 0;
  #fromWecomBytes = 0;
  #lastByteMs: number;
  #check: Timer;
  #open = 2;
  #why: TunnelEnd | null = null;
  #reason: string | undefined;

  /** @param isStillAllowed whether the bot's key is still valid. */
  constructor(
    private readonly bot: Socket,
    private readonly wecom: Socket,
    private readonly isStillAllowed: () => boolean,
    private readonly clock: Clock,
    private readonly bytes: TunnelMetrics['bytes'],
  ) {
    this.#sockets = [bot, wecom];
    this.#lastByteMs = clock.elapsedMs();
    this.#check = this.#checkAfter(CHECK_MS);
    this.#watch(bot, wecom);
    this.#watch(wecom, bot);
    this.#count();
    bot.pipe(wecom);
    wecom.pipe(bot);
  }

  /** Resolves when both sides are closed. */
  whenEnded(): Promise<EndedTunnel> {
    return this.#ended.promise;
  }

  end(why: TunnelEnd): void {
    this.#why ??= why;
    for (const socket of this.#sockets) socket.destroy();
  }

  #count(): void {
    this.bot.on('data', ({ length }: Buffer) => {
      this.#lastByteMs = this.clock.elapsedMs();
      this.#toWecomBytes += length;
      this.bytes.to_wecom.add(length);
    });
    this.wecom.on('data', ({ length }: Buffer) => {
      this.#lastByteMs = this.clock.elapsedMs();
      this.#fromWecomBytes += length;
      this.bytes.from_wecom.add(length);
    });
  }

  #watch(socket: Socket, other: Socket): void {
    socket.on('error', (error) => {
      this.#reason ??= errorCodeOf(error) || undefined;
    });
    socket.once('close', () => {
      const isWhole = socket.readableEnded && other.readableEnded && !socket.errored;
      // After an orderly end the last bytes are still being written to the other side, which then ends by itself.
      if (!isWhole) this.end('broken');
      this.#open--;
      if (this.#open === 0) this.#tellEnd();
    });
  }

  #checkAfter(ms: number): Timer {
    return this.clock.after(ms, () => {
      const leftMs = IDLE_MS - (this.clock.elapsedMs() - this.#lastByteMs);
      if (leftMs <= 0) return this.end('idle');
      if (!this.isStillAllowed()) return this.end('revoked');
      this.#check = this.#checkAfter(Math.min(CHECK_MS, leftMs));
    });
  }

  #tellEnd(): void {
    this.#check.cancel();
    this.#ended.resolve({
      why: this.#why ?? 'ended',
      reason: this.#reason,
      toWecomBytes: this.#toWecomBytes,
      fromWecomBytes: this.#fromWecomBytes,
    });
  }
}
