import type { CauseAnswer } from '../../api/answers.gen.js';

export interface CauseGroup {
  readonly key: string;
  /** At least one; of the same code, severity and reason, so that they have the same remedy. */
  readonly causes: readonly [CauseAnswer, ...CauseAnswer[]];
}

/** Equal causes of several bots or accounts together, where the first of them stood. */
export function groupCauses(causes: readonly CauseAnswer[]): readonly CauseGroup[] {
  const groups = new Map<string, [CauseAnswer, ...CauseAnswer[]]>();
  for (const cause of causes) {
    const key = [cause.code, cause.severity, cause.why, cause.status, cause.unlistedAddress].join(' ');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [cause]);
    else group.push(cause);
  }
  return [...groups].map(([key, members]) => ({ key, causes: members }));
}
