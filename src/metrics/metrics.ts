/**
 * The metrics of one process. Features count in plain numbers and in their own words; here these get names and
 * labels and are read when somebody scrapes. prom-client writes the text. Its own counters and histograms make a key
 * of the labels at each count, and two of them cost a tenth of a callback's whole way.
 */
import { type Metric, Registry } from 'prom-client';
import { Count } from './count.js';
import { type LabelOf, METRICS, type MetricName, type NameOf } from './metric-table.js';
import { Observations } from './observations.js';

type Labels<L extends string = string> = Readonly<Record<L, string>>;

export interface Sample<L extends string = never> {
  readonly labels: Labels<L>;
  readonly value: number;
}

/** As the registry takes it. */
interface WrittenSample {
  readonly labels: Labels;
  readonly value: number;
  /** Set when it differs from the metric's name. */
  readonly metricName?: string;
}

type Read<S> = () => readonly S[] | Promise<readonly S[]>;

/**
 * Makes what counts under these labels, and is there from then on, as 0: made at the start, the first failure is
 * an increase to Prometheus, and not a series that was never seen.
 */
type Maker<L extends string, T> = (labels: Labels<L>) => T;

export class Metrics {
  readonly registry = new Registry();
  readonly #failures = new Count();

  constructor() {
    this.reads('wxkf_metric_read_failures_total', () => only(this.#failures.value));
  }

  counter<N extends NameOf<'counter'>>(name: N): Maker<LabelOf<N>, Count> {
    const all: { readonly labels: Labels; readonly count: Count }[] = [];
    this.#register(name, () => all.map(({ labels, count }) => ({ labels, value: count.value })));
    return (labels) => {
      const count = new Count();
      all.push({ labels, count });
      return count;
    };
  }

  /** @param bounds upper ones of its buckets, in seconds, rising. */
  histogram<N extends NameOf<'histogram'>>(
    name: N,
    bounds: readonly number[],
  ): Maker<LabelOf<N>, Observations> {
    const all: { readonly labels: Labels; readonly observations: Observations }[] = [];
    this.#register(name, () =>
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
  reads<N extends NameOf<'counter' | 'gauge'>>(name: N, read: Read<Sample<LabelOf<N>>>): void {
    this.#register(name, read);
  }

  #register(name: MetricName, read: Read<WrittenSample>): void {
    const { type, meaning: help } = METRICS[name];
    // All that a registry asks of a metric.
    const values = () => this.#tryToRead(read);
    const metric = { name, help, type, get: async () => ({ name, help, type, values: await values() }) };
    this.registry.registerMetric(metric as unknown as Metric);
  }

  /** A metric that cannot be read does not affect the others. */
  async #tryToRead(read: Read<WrittenSample>): Promise<readonly WrittenSample[]> {
    try {
      return await read();
    } catch {
      this.#failures.add();
      return [];
    }
  }
}

function toSamples(
  name: string,
  labels: Labels,
  { bounds, atMost, count, sum }: Observations,
): WrittenSample[] {
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
