/** How many inputs of which kind were answered how. */
import type { Outcome } from './connection.js';
import { type Input, KINDS, type Kind } from './input.js';

/** Kinds of which a part must have got through to the work behind, or they show nothing. */
const TAKEN_SHARE_MIN = 0.02;
const JUDGED_FROM = 200;

export class Tally {
  readonly #counts = new Map<Kind, Map<string, number>>();
  slowest = { ms: 0, shape: 'none' };

  add({ kind, shape }: Input, { answers, latencyMs }: Outcome): void {
    const counts = this.#counts.get(kind) ?? new Map<string, number>();
    this.#counts.set(kind, counts);
    const [answer, ...others] = answers;
    const name = answer === undefined ? 'closed' : others.length === 0 ? String(answer.status) : 'several';
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (kind !== 'slow' && latencyMs > this.slowest.ms)
      this.slowest = { ms: latencyMs, shape: `${kind}: ${shape}` };
  }

  addAll(other: Tally): void {
    for (const [kind, counts] of other.#counts) {
      const own = this.#counts.get(kind) ?? new Map<string, number>();
      this.#counts.set(kind, own);
      for (const [name, count] of counts) own.set(name, (own.get(name) ?? 0) + count);
    }
  }

  get total(): number {
    return KINDS.reduce((sum, kind) => sum + this.#of(kind).all, 0);
  }

  /** Kinds that were turned away at the door altogether, or let in without exception. */
  judge(): string[] {
    return KINDS.flatMap((kind) => {
      const { all, taken } = this.#of(kind);
      if (kind === 'slow' || all < JUDGED_FROM) return [];
      const share = taken / all;
      if (share < TAKEN_SHARE_MIN)
        return [`of kind ${kind} only ${taken} of ${all} were taken; it tests the door alone`];
      return share > 1 - TAKEN_SHARE_MIN
        ? [`of kind ${kind} ${taken} of ${all} were taken; it is not hostile`]
        : [];
    });
  }

  /** As a table of Markdown. */
  toString(): string {
    const names = [...new Set([...this.#counts.values()].flatMap((counts) => [...counts.keys()]))].sort();
    const rows = KINDS.filter((kind) => this.#counts.has(kind)).map((kind) => {
      const cells = names.map((name) => (this.#counts.get(kind)?.get(name) ?? 0).toLocaleString('en-US'));
      return [kind, this.#of(kind).all.toLocaleString('en-US'), ...cells];
    });
    const head = ['kind', 'inputs', ...names];
    return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  }

  #of(kind: Kind): { all: number; taken: number } {
    const counts = [...(this.#counts.get(kind) ?? [])];
    const sum = (of: typeof counts) => of.reduce((total, [, count]) => total + count, 0);
    return { all: sum(counts), taken: sum(counts.filter(([name]) => name.startsWith('2'))) };
  }
}
