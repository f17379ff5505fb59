/** What the manager exposes at `/metrics`, read as strictly as the format is (prometheus.io/docs/instrumenting/exposition_formats). */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: Sample[];
}

const HELP = /^# HELP (\w+) (.+)$/;
const TYPE = /^# TYPE (\w+) (counter|gauge|histogram)$/;
const SAMPLE = /^(\w+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/gy;
/** `Nan` is how prom-client writes the mean of nothing, and is read by Prometheus. */
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|Nan)$/;
const SUFFIXES: Readonly<Record<Family['type'], RegExp>> = {
  counter: /^$/,
  gauge: /^$/,
  histogram: /^_(bucket|sum|count)$/,
};

/** All samples of one scrape. Labels that are given have to be there; others may be. */
export class Samples {
  readonly families: ReadonlyMap<string, Family>;
  readonly #samples: readonly Sample[];

  /** @throws Error at the first line that is not of the format. */
  constructor(readonly text: string) {
    this.families = parse(text);
    this.#samples = [...this.families.values()].flatMap(({ samples }) => samples);
  }

  /** @throws Error unless there is exactly one such sample. */
  value(name: string, labels: Labels = {}): number {
    const [first, ...others] = this.find(name, labels);
    if (first !== undefined && others.length === 0) return first.value;
    throw new Error(`there are ${others.length + (first ? 1 : 0)} of ${name}${JSON.stringify(labels)}`);
  }

  /** 0 where there is none. */
  sum(name: string, labels: Labels = {}): number {
    return this.find(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  find(name: string, labels: Labels = {}): Sample[] {
    const wanted = Object.entries(labels);
    return this.#samples.filter(
      (sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value),
    );
  }

  /** Of the samples, each once: a histogram's have `_bucket`, `_sum` and `_count` at their end. */
  names(): string[] {
    return [...new Set(this.#samples.map(({ name }) => name))];
  }
}

/** @param url of the manager. @throws Error when it is refused. */
export async function scrape(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Samples> {
  const response = await fetch(`${url}/metrics`, { headers });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`/metrics answered ${response.status}: ${text}`);
  return new Samples(text);
}

function parse(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family>();
  const series = new Set<string>();
  let help: { readonly name: string; readonly text: string } | null = null;
  let family: Family | null = null;
  for (const line of text.split('\n')) {
    const [, helped, said = ''] = HELP.exec(line) ?? [];
    const [, typed, type] = TYPE.exec(line) ?? [];
    if (line === '') continue;
    if (helped !== undefined) {
      help = { name: helped, text: said };
    } else if (typed !== undefined) {
      if (help?.name !== typed || families.has(typed)) throw new Error(`out of place: ${line}`);
      family = { name: typed, type: type as Family['type'], help: help.text, samples: [] };
      families.set(typed, family);
    } else {
      const sample = toSample(line, family);
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (series.has(key)) throw new Error(`twice: ${line}`);
      series.add(key);
      family?.samples.push(sample);
    }
  }
  return families;
}

function toSample(line: string, family: Family | null): Sample {
  const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  const isOfFamily =
    family !== null &&
    name.startsWith(family.name) &&
    SUFFIXES[family.type].test(name.slice(family.name.length));
  if (!isOfFamily || !NUMBER.test(value)) throw new Error(`not of the format: ${line}`);
  return { name, labels: toLabels(labels, line), value: Number(value.replace('Inf', 'Infinity')) };
}

function toLabels(text: string, line: string): Labels {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  let end = 0;
  for (const match of text.matchAll(LABEL)) {
    const [whole, name = '', value = ''] = match;
    labels[name] = value.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
    end += whole.length;
  }
  if (end !== text.length) throw new Error(`not of the format: ${line}`);
  return labels;
}

/** What the store holds now; `/health` may tell what was so 5 s before. Waits while the store is too slow to be asked. */
export async function hintCounts(managerUrl: string): Promise<Record<'waiting' | 'parked' | 'dead', number>> {
  let samples = await scrape(managerUrl);
  while (samples.find('wxkf_hints').length === 0) samples = await scrape(managerUrl);
  const of = (state: string): number => samples.value('wxkf_hints', { state });
  return { waiting: of('waiting'), parked: of('parked'), dead: of('dead') };
}
