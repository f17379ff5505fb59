import { AppError } from '../../kernel/app-error.js';
import { OF_THE_STORE } from '../../metrics/bounds.js';
import { byValue, Metrics } from '../../metrics/metrics.js';
import type { Observations } from '../../metrics/observations.js';

const MS_PER_S = 1_000;

/**
 * How long the operations of one store took. Each store names its own operations. On the system's clock, since it measures real
 * I/O.
 */
export class StoreMetrics<Operation extends string> {
  readonly #durations: Record<Operation, Record<'ok' | 'failed', Observations>>;

  constructor(store: 'mongodb' | 'embedded', operations: readonly Operation[], metrics: Metrics) {
    const durations = metrics.histogram('wxkf_store_operation_duration_seconds', OF_THE_STORE);
    this.#durations = byValue(operations, (operation) =>
      byValue(['ok', 'failed'], (result) => durations({ store, operation, result })),
    );
  }

  async measured<T>(operation: Operation, work: Promise<T>): Promise<T> {
    const startedMs = performance.now();
    try {
      const done = await work;
      this.#ended(operation, 'ok', startedMs);
      return done;
    } catch (error) {
      // A refusal, as when the queue is full, does not mean that the store fails.
      const isRefusal = error instanceof AppError && error.code !== 'STORE_UNAVAILABLE';
      this.#ended(operation, isRefusal ? 'ok' : 'failed', startedMs);
      throw error;
    }
  }

  #ended(operation: Operation, result: 'ok' | 'failed', startedMs: number): void {
    this.#durations[operation][result].observe((performance.now() - startedMs) / MS_PER_S);
  }
}
