import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { EndedCall } from './call-outcomes.js';
import { type FailedCall, FailedCalls } from './failed-calls.js';

const HOUR_MS = 3_600_000;
const CALL: EndedCall = {
  operation: 'call',
  corpId: 'ww1',
  botId: null,
  api: 'kf/send_msg',
  openKfId: 'wk1',
  errcode: 95_001,
  fault: null,
  isAsked: true,
};

const CORPS = { has: (corpId: string) => corpId.startsWith('ww') };

let clock: ManualClock;
let failed: FailedCalls;

beforeEach(() => {
  clock = new ManualClock();
  failed = new FailedCalls(clock, CORPS);
});

const hoursOf = (...last: readonly number[]) => [...new Array<number>(24 - last.length).fill(0), ...last];

describe('failed calls', () => {
  it('are told by corp, account, API and why, those seen last first, and calls that went well are not', () => {
    failed.note(CALL);
    failed.note({ ...CALL, errcode: 0 });
    failed.note({ ...CALL, openKfId: 'wk2' });
    failed.note({ ...CALL, errcode: null, fault: 'status' });
    failed.note(CALL);
    expect(failed.list()).toMatchObject([
      { corpId: 'ww1', openKfId: 'wk1', api: 'kf/send_msg', why: '95001', count: 2, lastAtMs: clock.nowMs() },
      { openKfId: 'wk1', why: 'status', count: 1 },
      { openKfId: 'wk2', why: '95001', count: 1 },
    ]);
  });

  it('are told by bot, which those of earlier versions do not name', () => {
    const call = { ...CALL, api: 'kf/sync_msg', errcode: 45_009 };
    failed.note({ ...call, botId: 'bot-1' });
    failed.note({ ...call, botId: 'bot-2' });
    const [{ count, lastAtMs, botId: _botId, hours: _hours, ...kind }] = failed.list() as [FailedCall];
    failed.add({ ...kind, count, lastAtMs });
    expect(failed.list().map(({ botId }) => botId)).toEqual([null, 'bot-2', 'bot-1']);
  });

  it('are counted by the hour, for 24 hours', async () => {
    failed.note(CALL);
    await clock.advance(HOUR_MS);
    failed.note(CALL);
    failed.note(CALL);
    await clock.advance(2 * HOUR_MS);
    expect(failed.list()).toMatchObject([{ count: 3, hours: hoursOf(1, 2, 0, 0) }]);
    await clock.advance(21 * HOUR_MS);
    failed.note(CALL);
    expect(failed.list()[0]?.hours).toEqual([2, ...hoursOf(1).slice(1)]);
    await clock.advance(24 * HOUR_MS);
    expect(failed.list()).toEqual([]);
    failed.note(CALL);
    expect(failed.list()).toMatchObject([{ count: 1, hours: hoursOf(1) }]);
  });

  it('are forgotten where there are more than 1,000 kinds, those first that were not seen for long', () => {
    failed.note(CALL);
    for (let n = 0; n < 999; n++)
      failed.note({ ...CALL, corpId: `ww-${Math.floor(n / 100)}`, openKfId: `wk-${n}` });
    failed.note(CALL);
    failed.note({ ...CALL, openKfId: 'wkNew' });
    const seen = failed.list().map(({ openKfId }) => openKfId);
    expect(seen).toHaveLength(1_000);
    expect(seen.slice(0, 2)).toEqual(['wkNew', 'wk1']);
    expect(seen).not.toContain('wk-0');
  });

  it('of a corp that has a hundred kinds are counted together, and push out none of another', () => {
    failed.note({ ...CALL, corpId: 'wwOther' });
    failed.note({ ...CALL, corpId: null });
    for (let n = 0; n < 5_000; n++) failed.note({ ...CALL, api: `made/up_${n}` });
    failed.note({ ...CALL, api: 'made/up_0' });
    const all = failed.list();
    expect(all).toHaveLength(103);
    expect(all[0]).toMatchObject({ api: 'made/up_0', count: 2 });
    expect(all[1]).toMatchObject({ corpId: 'ww1', openKfId: null, api: 'other', why: 'other', count: 4_900 });
    expect(all.slice(-2)).toMatchObject([{ corpId: null }, { corpId: 'wwOther' }]);
  });

  it('are told one by one again when those of a day before are forgotten', async () => {
    for (let n = 0; n < 200; n++) failed.note({ ...CALL, api: `made/up_${n}` });
    await clock.advance(24 * HOUR_MS);
    failed.note(CALL);
    expect(failed.list()).toMatchObject([{ api: 'kf/send_msg', count: 1 }]);
  });

  it('of corps that nobody has registered are counted together, however many are made up', () => {
    failed.note(CALL);
    for (let n = 0; n < 2_000; n++)
      failed.note({ ...CALL, operation: 'gettoken', corpId: `made-up-${n}`, api: '', errcode: 40013 });
    expect(failed.list()).toMatchObject([
      { operation: 'gettoken', corpId: null, openKfId: null, why: '40013', count: 2_000 },
      { corpId: 'ww1', openKfId: 'wk1', count: 1 },
    ]);
  });

  it('of several processes are added up by the hour, as they tell each other', async () => {
    const other = new FailedCalls(clock, CORPS);
    failed.note(CALL);
    other.note(CALL);
    const told = [...other.takeNews()];
    await clock.advance(HOUR_MS);
    other.note(CALL);
    other.note(CALL);
    other.note({ ...CALL, api: 'kf/sync_msg' });
    for (const call of [...told, ...other.takeNews()]) failed.add(call);
    expect(failed.list()).toMatchObject([
      { api: 'kf/sync_msg', count: 1, hours: hoursOf(1) },
      { openKfId: 'wk1', api: 'kf/send_msg', count: 4, hours: hoursOf(2, 2), lastAtMs: clock.nowMs() },
    ]);
    expect(other.takeNews()).toEqual([]);
  });
});
