/**
 * The metrics of one process. Features count in plain numbers and in their own words; here these get names and
 * labels and are read when somebody scrapes. prom-client writes the text. Its own counters and histograms make a key
 * of the labels at each count, and two of them cost a tenth of a callback's whole way.
 */
import { type Metric, Registry } from 'prom-client';
import { Count } from './count.js';
import { Observations } from './observations.js';

export type Labels<L extends string = string> = Readonly<Record<L, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** Set when it differs from the metric's name. */
  readonly metricName?: string;
}

/**
 * Makes what counts under these labels, and is there from then on, as 0: made at the start, the first failure is
 * an increase to Prometheus, and not a series that was never seen.
 */
type Maker<L extends string, T> = (labels: Labels<L>) => T;

export class Metrics {
  readonly registry = new Registry();
  readonly #failures = new Count();

  constructor() {
    const help =
      'Metrics that could not be read at a scrape and were left out, which is a fault of the program.';
    this.reads('counter', 'wxkf_metric_read_failures_total', help, () => only(this.#failures.value));
  }

  counter<L extends string = never>(name: string, help: string): Maker<L, Count> {
    const all: { readonly labels: Labels; readonly count: Count }[] = [];
    this.reads('counter', name, help, () => all.map(({ labels, count }) => ({ labels, value: count.value })));
    return (labels) => {
      const count = new Count();
      all.push({ labels, count });
      return count;
    };
  }

  /** @param bounds upper ones of its buckets, in seconds, rising. */
  histogram<L extends string>(name: string, help: string, bounds: readonly number[]): Maker<L, Observations> {
    const all: { readonly labels: Labels; readonly observations: Observations }[] = [];
    this.reads('histogram', name, help, () =>
      all.flatMap(({ labels, observations }) => toSamples(name, labels, observations)),
    );
    return (labels) => {
      const observations = new Observations(bounds);
      all.push({ labels, observations });
      return observations;
    };
  }

  /**
   * A value that is read at each scrape.
   * @param read returns no sample for a value that is unknown then.
   */
  reads(
    type: 'counter' | 'gauge' | 'histogram',
    name: string,
    help: string,
    read: () => readonly Sample[] | Promise<readonly Sample[]>,
  ): void {
    // All that a registry asks of a metric.
    const values = () => this.#tryToRead(read);
    const metric = { name, help, type, get: async () => ({ name, help, type, values: await values() }) };
    this.registry.registerMetric(metric as unknown as Metric);
  }

  /** A metric that cannot be read does not affect the others. */
  async #tryToRead(read: () => readonly Sample[] | Promise<readonly Sample[]>): Promise<readonly Sample[]> {
    try {
      return await read();
    } catch {
      this.#failures.add();
      return [];
    }
  }
}

function toSamples(name: string, labels: Labels, { bounds, atMost, count, sum }: Observations): Sample[] {
  const buckets = bounds.map((bound, n) => ({ le: String(bound), value: atMost[n] ?? 0 }));
  return [
    ...[...buckets, { le: '+Inf', value: count }].map(({ le, value }) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le },
      value,
    })),
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}

/** The one sample of a metric without labels. */
export function only(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}

/** Makes one entry for each value of a label. */
export function byValue<V extends string, T>(values: readonly V[], make: (value: V) => T): Record<V, T> {
  return Object.fromEntries(values.map((value) => [value, make(value)])) as Record<V, T>;
}
