import type { CauseAnswer } from '../../api/answers.gen.js';
import { t } from '../../i18n/language.js';
import { PAGES } from '../../shell/paths.js';
import { type CauseWords, wordsOfCause } from './cause-words.js';

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

/** The page that is about all of them; null where each has another. */
export function actionOf([first, ...others]: CauseGroup['causes']): CauseWords['action'] {
  const { action, callFault } = wordsOfCause(first);
  if (others.every((cause) => wordsOfCause(cause).action?.href === action?.href)) return action;
  if (callFault !== null) return { href: PAGES.wecomErrors, text: t().causes.toErrors };
  const common = wordsOfCause({ ...first, botId: null, corpId: null, openKfId: null }).action;
  return common?.href === PAGES.accounts ? null : common;
}
