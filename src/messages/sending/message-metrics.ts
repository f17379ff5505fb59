import { Injectable } from '@nestjs/common';
import type { Count } from '../../metrics/count.js';
import { byValue, Metrics } from '../../metrics/metrics.js';
import type { Observations } from '../../metrics/observations.js';
import type { Failure } from '../../queue/failure.js';

/** Seconds, from one that is given on at once to one that waited for three days, as long as WeCom keeps messages. */
const AGES_S = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400, 259_200];

/** Why a message was given up: its bot refused it each time; nobody took it in time; it is too long, for the bot or at all. */
const BURIED = ['refused', 'expired', 'too_long'] as const;
const REASONS: Readonly<Partial<Record<Failure['stage'], (typeof BURIED)[number]>>> = {
  expired: 'expired',
  too_long: 'too_long',
  oversized: 'too_long',
};

/** What became of messages. */
@Injectable()
export class MessageMetrics {
  readonly #pulled: Readonly<Record<'new' | 'known', Count>>;
  readonly #ages: Observations;
  readonly #repeated: Count;
  readonly #unpulled: Count;
  readonly #untold: Count;
  readonly #handedOver: Count;
  readonly #cursorsRefused: Count;
  readonly #passedOver: Count;
  readonly #buried: Readonly<Record<(typeof BURIED)[number], Count>>;

  constructor(metrics: Metrics) {
    const pulled = metrics.counter('wxkf_messages_pulled_total');
    this.#pulled = byValue(['new', 'known'], (kind) => pulled({ kind }));
    this.#ages = metrics.histogram('wxkf_message_age_seconds', AGES_S)({});
    this.#repeated = metrics.counter('wxkf_messages_repeated_total')({});
    this.#unpulled = metrics.counter('wxkf_messages_unpulled_total')({});
    this.#untold = metrics.counter('wxkf_messages_untold_total')({});
    this.#handedOver = metrics.counter('wxkf_messages_handed_over_total')({});
    this.#cursorsRefused = metrics.counter('wxkf_message_cursors_refused_total')({});
    this.#passedOver = metrics.counter('wxkf_messages_passed_over_total')({});
    const buried = metrics.counter('wxkf_messages_buried_total');
    this.#buried = byValue(BURIED, (reason) => buried({ reason }));
  }

  pulled(added: number, known: number): void {
    this.#pulled.new.add(added);
    this.#pulled.known.add(known);
  }

  cursorRefused(): void {
    this.#cursorsRefused.add();
  }

  taken(ageSeconds: number): void {
    this.#ages.observe(Math.max(0, ageSeconds));
  }

  repeated(): void {
    this.#repeated.add();
  }

  unpulled(): void {
    this.#unpulled.add();
  }

  untold(messages: number): void {
    this.#untold.add(messages);
  }

  handedOver(messages: number): void {
    this.#handedOver.add(messages);
  }

  passedOver(): void {
    this.#passedOver.add();
  }

  buried(stage: Failure['stage']): void {
    this.#buried[REASONS[stage] ?? 'refused'].add();
  }
}
