import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { endWith, Tracing } from '../../kernel/tracing.js';
import type { NewHint } from '../outbox/hint.js';
import { HintKeeper } from '../outbox/hint-keeper.js';
import type { Kept } from '../outbox/outbox.js';
import type { Incoming } from './incoming.js';

const AGAIN_MS = 250;

/** Keeps an event while its sender waits, and tries again as long as there is time. */
@Injectable()
export class TimelyKeeper {
  constructor(
    private readonly keeper: HintKeeper,
    private readonly tracing: Tracing,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `STORE_UNAVAILABLE`, at the latest when the answer is due; `OUTBOX_FULL` */
  keep({ event, tracestate, answerByMs }: Incoming, hint: NewHint): Promise<Kept> {
    const { traceparent, corpId, openKfId } = event;
    const parent = traceparent === null ? null : { traceparent, tracestate };
    const span = this.tracing.start('internal', 'keep', parent);
    span?.set({ 'wxkf.corp_id': corpId, 'wxkf.open_kf_id': openKfId });
    return endWith(span, this.#keep(hint, answerByMs));
  }

  async #keep(hint: NewHint, endMs: number): Promise<Kept> {
    for (;;) {
      try {
        return await this.#put(hint, endMs);
      } catch (error) {
        const isHopeless = !(error instanceof AppError) || error.code !== 'STORE_UNAVAILABLE';
        if (isHopeless || this.clock.elapsedMs() + AGAIN_MS >= endMs) throw error;
      }
      await this.clock.sleep(AGAIN_MS);
    }
  }

  async #put(hint: NewHint, endMs: number): Promise<Kept> {
    const put = this.keeper.keep(hint);
    if (await this.clock.within(endMs - this.clock.elapsedMs(), put)) return put;
    put.catch(() => {});
    throw new AppError('STORE_UNAVAILABLE', { internal: { what: 'keep' } });
  }
}
