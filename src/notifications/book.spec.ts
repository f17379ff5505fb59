import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Book,
  claimed,
  type Notice,
  dueOf,
  EMPTY_BOOK,
  isEmpty,
  noteFailed,
  noteSeen,
  noteTold,
} from './book.js';
import { newCause } from '../insight/accounts/cause.js';
import type { Cause } from '../insight/accounts/cause.js';
import { toSight } from './trouble.js';

const neverWorked = (): boolean => false;

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const AFTER_MS = MINUTE_MS;

let book: Book;
let nowMs: number;
let isQuiet: boolean;
/** Whether what is not there any more was seen to work. */
let works: boolean;
/** What was told, as `code` or `over code`. */
let told: string[];

beforeEach(() => {
  [book, nowMs, isQuiet, works, told] = [EMPTY_BOOK, Date.UTC(2026, 0, 1), false, true, []];
});

function cause(code: Cause['code'], severity: Cause['severity'], changes: Partial<Cause> = {}): Cause {
  return { ...newCause(code, 1, changes), severity, ...changes };
}
const WAITING = cause('waiting', 'wait', { address: '10.0.0.7:8080', port: 8_080 });
const DEAD = cause('dead', 'bad', { address: '10.0.0.7:8080', port: 8_080 });
const STORE_DOWN = cause('store_down', 'bad');

/** Sees the same for so long, in rounds of 5 s. */
function pass(ms: number, causes: Cause[] = [], moreCauses = 0): void {
  for (const endMs = nowMs + ms; nowMs < endMs; nowMs += 5 * SECOND_MS) {
    book = noteSeen(
      book,
      toSight({ causes, moreCauses }, () => works),
      nowMs,
    );
    const due = dueOf(book, AFTER_MS, isQuiet, nowMs);
    const claim = isEmpty(due) ? null : claimed(book, nowMs);
    if (claim === null) continue;
    told.push(namesOf(due));
    book = noteTold(claim, due, nowMs);
  }
}

function namesOf({ begun, over }: Notice): string {
  return [
    ...begun.map(({ cause: { code } }) => code),
    ...over.map(({ cause: { code } }) => `over ${code}`),
  ].join();
}

describe('very many troubles', () => {
  const hosts = (count: number) =>
    Array.from({ length: count }, (_, n) => cause('waiting', 'wait', { address: `10.0.${n}.7:8080` }));

  it('leave room for one that is bad', () => {
    pass(5 * MINUTE_MS, hosts(300));
    expect(book.troubles).toHaveLength(200);
    told = [];
    pass(2 * MINUTE_MS, [STORE_DOWN]);
    expect(told).toContain('store_down');
  });

  it('do not hide that one of a kind that comes before them is over', () => {
    pass(2 * MINUTE_MS, [STORE_DOWN, DEAD], 0);
    told = [];
    pass(5 * MINUTE_MS, [DEAD], 30);
    expect(told).toEqual(['over store_down']);
  });
});

describe('a trouble that is not there and was not seen to work', () => {
  beforeEach(() => {
    works = false;
  });

  const FAILING = cause('circuits', 'wait', { address: '10.0.0.7:8080', port: 8_080 });
  const seenNow = (worked: boolean): void => {
    book = noteSeen(
      book,
      toSight({ causes: [], moreCauses: 0 }, () => worked),
      nowMs,
    );
  };

  it('is not told as over because a replica that has just started does not see it', () => {
    pass(2 * MINUTE_MS, [FAILING]);
    told = [];
    pass(59 * MINUTE_MS);
    pass(5 * MINUTE_MS, [FAILING]);
    expect(told).toEqual([]);
  });

  it('is told as over once it has worked, whichever replica saw that', () => {
    pass(2 * MINUTE_MS, [FAILING]);
    told = [];
    pass(10 * MINUTE_MS);
    expect(told).toEqual([]);
    seenNow(true);
    pass(10 * SECOND_MS);
    expect(told).toEqual(['over circuits']);
  });

  it('is not over where it failed again after it had worked', () => {
    pass(2 * MINUTE_MS, [FAILING]);
    told = [];
    seenNow(true);
    pass(30 * SECOND_MS, [FAILING]);
    pass(10 * MINUTE_MS);
    expect(told).toEqual([]);
  });

  it('is forgotten without a word when it was neither seen to work nor to fail for an hour', () => {
    pass(2 * MINUTE_MS, [FAILING]);
    told = [];
    pass(61 * MINUTE_MS);
    expect([told, book.troubles]).toEqual([[], []]);
  });
});

describe('a trouble', () => {
  it('that ended before it had lasted is not told in the seconds in which it may come back', () => {
    pass(55 * SECOND_MS, [WAITING]);
    pass(5 * MINUTE_MS);
    expect(told).toEqual([]);
  });

  it('is told once when it has lasted, and once when it is over', () => {
    pass(55 * SECOND_MS, [WAITING]);
    expect(told).toEqual([]);
    pass(30 * MINUTE_MS, [WAITING]);
    expect(told).toEqual(['waiting']);
    pass(30 * MINUTE_MS);
    expect(told).toEqual(['waiting', 'over waiting']);
  });

  it('is not told when it was over before', () => {
    pass(50 * SECOND_MS, [WAITING]);
    pass(MINUTE_MS);
    pass(50 * SECOND_MS, [WAITING]);
    expect(told).toEqual([]);
  });

  it('is told with all others that are due', () => {
    const many = Array.from({ length: 20 }, (_, n) => cause('waiting', 'wait', { address: `10.0.0.${n}` }));
    pass(2 * MINUTE_MS, many);
    expect(told).toEqual([Array(20).fill('waiting').join()]);
  });

  it('that comes and goes is told less and less, and last that it is there', () => {
    for (let n = 0; n < 40; n++) {
      pass(2 * MINUTE_MS, [WAITING]);
      pass(3 * MINUTE_MS);
    }
    expect(told).toEqual(['waiting', 'over waiting', 'waiting', 'over waiting', 'waiting']);
  });

  it('that comes back after an hour is a new one', () => {
    for (let n = 0; n < 4; n++) {
      pass(2 * MINUTE_MS, [WAITING]);
      pass(63 * MINUTE_MS);
    }
    expect(told).toHaveLength(8);
  });

  it('is not taken for over while it may be hidden', () => {
    pass(2 * MINUTE_MS, [WAITING]);
    pass(10 * MINUTE_MS, [STORE_DOWN]);
    pass(10 * MINUTE_MS, [DEAD], 5);
    expect(told).toEqual(['waiting', 'store_down', 'over store_down', 'dead']);
    pass(2 * MINUTE_MS);
    expect(told.slice(4)).toEqual(['over waiting,over dead']);
  });

  it('of a second bot of the host is told as well, and that the host is down ends neither', () => {
    const other = cause('waiting', 'wait', { address: '10.0.0.7:8081', port: 8_081 });
    pass(2 * MINUTE_MS, [WAITING]);
    pass(2 * MINUTE_MS, [WAITING, other]);
    expect(told).toEqual(['waiting', 'waiting']);
    pass(2 * MINUTE_MS, [cause('waiting', 'wait', { address: '10.0.0.7', port: null })]);
    expect(told).toEqual(['waiting', 'waiting', 'waiting']);
    pass(2 * MINUTE_MS);
    expect(told.slice(3)).toEqual(['over waiting,over waiting,over waiting']);
  });

  it('has begun when the cause says', () => {
    pass(5 * SECOND_MS, [{ ...WAITING, sinceMs: Date.UTC(2025, 11, 31, 23, 43) }]);
    expect(book.troubles[0]?.sinceMs).toBe(Date.UTC(2025, 11, 31, 23, 43));
  });
});

describe('in quiet hours', () => {
  beforeEach(() => {
    isQuiet = true;
  });

  it('only what is bad is told', () => {
    pass(2 * MINUTE_MS, [DEAD, WAITING]);
    expect(told).toEqual(['dead']);
  });

  it('what can wait is told when they end', () => {
    pass(10 * MINUTE_MS, [WAITING]);
    isQuiet = false;
    pass(MINUTE_MS, [WAITING]);
    expect(told).toEqual(['waiting']);
  });

  it('what is over before they end is never told', () => {
    pass(10 * MINUTE_MS, [WAITING]);
    pass(10 * MINUTE_MS);
    isQuiet = false;
    pass(10 * MINUTE_MS);
    expect(told).toEqual([]);
  });

  it('that something of before is over waits for their end, too', () => {
    isQuiet = false;
    pass(2 * MINUTE_MS, [WAITING, DEAD]);
    isQuiet = true;
    pass(10 * MINUTE_MS);
    expect(told).toEqual(['waiting,dead', 'over dead']);
    isQuiet = false;
    pass(MINUTE_MS);
    expect(told.slice(2)).toEqual(['over waiting']);
  });
});

describe('telling', () => {
  it('is one replica’s at a time, and another’s when that one died', () => {
    const claim = claimed(book, nowMs);
    expect(claim).not.toBeNull();
    expect(claimed(claim ?? book, nowMs + 29 * SECOND_MS)).toBeNull();
    expect(claimed(claim ?? book, nowMs + 30 * SECOND_MS)).not.toBeNull();
  });

  it('has 10 s between two messages', () => {
    book = noteTold(book, { begun: [], over: [] }, nowMs);
    expect(claimed(book, nowMs + 9 * SECOND_MS)).toBeNull();
    expect(claimed(book, nowMs + 10 * SECOND_MS)).not.toBeNull();
  });

  it('is tried again at longer and longer intervals, of 5 minutes at most', () => {
    const pauses = Array.from({ length: 8 }, () => {
      book = noteFailed(book, 'it answered 500', nowMs);
      return (book.nextAtMs - nowMs) / SECOND_MS;
    });
    expect(pauses).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
    expect(noteTold(book, { begun: [], over: [] }, nowMs).failures).toBe(0);
  });

  it('keeps what was seen meanwhile', () => {
    pass(55 * SECOND_MS, [WAITING]);
    pass(5 * SECOND_MS, [WAITING, DEAD]);
    const before = book;
    book = noteSeen(book, toSight({ causes: [WAITING], moreCauses: 0 }, neverWorked), nowMs);
    const due = dueOf(book, AFTER_MS, false, nowMs);
    expect(namesOf(due)).toBe('waiting');
    book = noteTold(book, due, nowMs);
    expect(book.troubles.map(({ state }) => state)).toEqual(['told', 'new']);
    expect(before.troubles).toHaveLength(2);
  });
});

it('nothing is written while nothing happens', () => {
  expect(noteSeen(EMPTY_BOOK, toSight({ causes: [], moreCauses: 0 }, neverWorked), nowMs)).toBe(EMPTY_BOOK);
  pass(2 * MINUTE_MS, [WAITING]);
  const sight = toSight({ causes: [WAITING], moreCauses: 0 }, neverWorked);
  const noted = noteSeen(book, sight, nowMs);
  expect(noteSeen(noted, sight, nowMs + SECOND_MS)).toBe(noted);
});
