import type { ComingCause } from '../../api/coming.js';

export interface CauseGroup {
  readonly key: string;
  /** At least one; of the same code, severity and reason. */
  readonly causes: readonly [ComingCause, ...ComingCause[]];
}

/** Equal causes of several bots or accounts together, where the first of them stood. */
export function groupCauses(causes: readonly ComingCause[]): readonly CauseGroup[] {
  const groups = new Map<string, [ComingCause, ...ComingCause[]]>();
  for (const cause of causes) {
    const key = [cause.code, cause.severity, cause.why, cause.status].join(' ');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [cause]);
    else group.push(cause);
  }
  return [...groups].map(([key, members]) => ({ key, causes: members }));
}
