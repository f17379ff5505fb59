import type { Durations } from './durations.js';
import type { Oracle } from './oracle.js';
import type { Run } from './run.js';

/** p99 of healthy accounts' callbacks without the fault and with it. */
export interface OthersP99 {
  readonly beforeMs: number;
  readonly duringMs: number;
}

/** One line of the table. */
export interface Row {
  readonly injection: string;
  readonly length: string;
  readonly load: string;
  readonly sent: number;
  readonly accepted: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly recovery: Durations | null;
  readonly othersP99: OthersP99 | null;
  /** What else was seen. */
  readonly remarks: readonly string[];
  /** What did not hold. */
  readonly broken: readonly string[];
}

/** A line for what could not be run at all. */
export interface NotRun {
  readonly injection: string;
  readonly notRun: string;
  /** Not even in CI is it a failure. */
  readonly isExcused?: boolean;
}

export interface Scenario {
  /** For `--only`. */
  readonly name: string;
  /**
   * `beside`: mostly waits, and others may run meanwhile. `in turn`: two of those at once. `alone`: compares
   * latencies, so nothing else may run. A short run judges none, and does not tell the last two apart.
   */
  readonly runs: 'beside' | 'in turn' | 'alone';
  run(run: Run): Promise<readonly (Row | NotRun)[]>;
}

export type Described = Pick<Row, 'injection' | 'length' | 'load'>;

/** A line with what the oracle counted. To be made when everything had time to drain. */
export function toRow(
  described: Described,
  oracle: Oracle,
  found: Partial<Pick<Row, 'recovery' | 'othersP99' | 'remarks' | 'broken'>> = {},
): Row {
  const lost = oracle.uncovered;
  const { sent, accepted, duplicates } = oracle;
  const unused = accepted === 0 ? ['no callback was answered 200'] : [];
  const losses = lost > 0 ? [`${lost} callbacks were answered 200 and lost`] : [];
  return {
    ...described,
    sent,
    accepted,
    lost,
    duplicates,
    recovery: found.recovery ?? null,
    othersP99: found.othersP99 ?? null,
    remarks: [answersOf(oracle), ...(found.remarks ?? [])],
    broken: [...unused, ...losses, ...(found.broken ?? [])],
  };
}

function answersOf({ answers }: Oracle): string {
  return `answers: ${[...answers].map(([status, count]) => `${status} ${count}×`).join(', ') || 'none'}`;
}

/** A broken bound as the list that `toRow` takes. */
export function unless(holds: boolean, what: string): string[] {
  return holds ? [] : [what];
}

const LISTED = 5;

/** How many did not hold, and the first few of them. */
export function listed(what: string, names: readonly string[]): string[] {
  return unless(names.length === 0, `${names.length} ${what}: ${names.slice(0, LISTED).join('; ')}`);
}
