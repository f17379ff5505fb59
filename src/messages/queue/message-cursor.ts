import type { EntryPlace } from '../../storage/queue/entry.js';
import type { MessageHead } from '../../queue/message.js';

const CURSOR = /^(-?\d{1,16}) (.*)$/s;

/** Before every message. */
const START: EntryPlace = { account: '', seq: 0 };

export function toCursor(account: string, { seq }: Pick<MessageHead, 'seq'>): string {
  return `${seq} ${account}`;
}

/** @returns the beginning for `null`, and for a text that is no cursor. */
export function fromCursor(cursor: string | null): EntryPlace {
  const [, seq, account] = CURSOR.exec(cursor ?? '') ?? [];
  return seq === undefined || account === undefined ? START : { account, seq: Number(seq) };
}
