import { expect, it } from '@jest/globals';
import { newCause } from '../../insight/accounts/cause.js';
import { EMPTY_BOOK, type Trouble } from '../../notifications/book.js';
import type { BookKeeper } from '../../notifications/book-keeper.js';
import type { Receivers } from '../../notifications/receivers.js';
import { NotificationsController } from './notifications.controller.js';

const BEGAN_MS = Date.UTC(2026, 0, 31, 8);

/** The causes of one message that a receiver was told. */
async function toldOf(...causes: readonly object[]) {
  const times = { sinceMs: BEGAN_MS, changedAtMs: 1, seenAtMs: 1 };
  const troubles = causes.map((cause) => ({ cause, state: 'told', ...times }) as Trouble);
  const books = { read: async () => ({ ...EMPTY_BOOK, toldAtMs: 1, troubles }) } as unknown as BookKeeper;
  const receivers = { all: [{ id: 'r', kind: 'robot', host: 'h' }] } as unknown as Receivers;
  const { items } = await new NotificationsController(receivers, books, null as never).listReceivers();
  return items[0]?.told.map(({ cause }) => cause);
}

it('a trouble that a receiver was told is shown as the verdict shows it', async () => {
  expect(await toldOf(newCause('silent', 2, { sinceMs: BEGAN_MS, botId: 'b1' }))).toMatchObject([
    { code: 'silent', key: 'silent b1', severity: 'bad', since: '2026-01-31T08:00:00.000Z' },
  ]);
  expect(await toldOf(newCause('silent', 2))).toMatchObject([{ since: null }]);
});

it('a trouble that an earlier version noted is shown with the time at which it began', async () => {
  const noted = { key: 'dead 10.0.0.7:80', code: 'dead', severity: 'bad', count: 3, why: 'connect' };
  expect(await toldOf({ ...noted, since: '2026-01-31T07:00:00.000Z' })).toEqual([
    expect.objectContaining({ ...noted, since: '2026-01-31T08:00:00.000Z', accountNames: [] }),
  ]);
});
