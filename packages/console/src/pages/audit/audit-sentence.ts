/** What somebody did, in one sentence. */
import type { AuditEntryAnswer } from '../../api/answers.gen.js';
import { formatNumber } from '../../i18n/format.js';
import type { Words } from '../../i18n/words.js';
import { SHARED_SECRET } from '../../session/session.js';

/** What the manager calls callers while no role has a secret. */
const OPEN_MANAGER = 'open manager';

type Entry = Pick<
  AuditEntryAnswer,
  'operator' | 'method' | 'route' | 'path' | 'subject' | 'fields' | 'status' | 'times'
>;

/** @param nameOf the name of an account or a bot by its id, as far as it is known. */
export function sentenceOf(
  entry: Entry,
  { audit }: Pick<Words, 'audit'>,
  nameOf: (id: string) => string | undefined,
): string {
  const { operator, method, route, path, subject, fields, times } = entry;
  const who = nameOfOperator(operator, audit);
  const call = `${method} ${route}`;
  const whom = subject ?? whomIn(path, route, nameOf);
  const sentence = () => {
    const known = (fields ?? []).map((field) => audit.fields[field]).filter((words) => words !== undefined);
    if (known.length > 0) return audit.changed(who, [...new Set(known)], whom);
    const act = Object.hasOwn(audit.acts, call) ? audit.acts[call] : undefined;
    return act === undefined
      ? audit.other(who, `${method} ${path}`, isDone(entry))
      : act(who, whom, isDone(entry));
  };
  return times > 1 ? audit.times(sentence(), formatNumber(times)) : sentence();
}

export function nameOfOperator(operator: string | null, audit: Words['audit']): string {
  if (operator === null) return audit.somebody;
  if (operator === SHARED_SECRET) return audit.sharedSecret;
  return operator === OPEN_MANAGER ? audit.openManager : operator;
}

/** Whoever hung up may well have changed something. */
function isDone({ status }: Entry): boolean {
  return status === null || status < 400;
}

/** What stands in the path in the place of the first parameter. */
function whomIn(path: string, route: string, nameOf: (id: string) => string | undefined): string {
  const place = route.split('/').findIndex((part) => part.startsWith(':'));
  const id = place < 0 ? '' : decoded(path.split('/')[place] ?? '');
  return nameOf(id) ?? id;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
