import { beforeEach, describe, expect, it } from '@jest/globals';
import { kfParcel } from '../../../test/support/delivery.js';
import { knownBot } from '../../../test/support/bots.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { BackgroundWork } from '../../kernel/background-work.js';
import type { Attempt, AttemptResult } from '../../dispatch/endpoint/attempt.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import { makeSyncToken, type SyncTokens } from '../../registry/bots/sync-tokens.js';
import type { Destinations } from '../../registry/accounts/destination.js';
import type { Coverage } from './coverage.js';
import type { PullRun } from './pull-run.js';
import type { CameIn, PullTask } from './page-keeper.js';
import { Puller } from './puller.js';

const NOTHING: CameIn = { customers: 0, firstSentAtMs: Infinity };
const TAKEN: AttemptResult = { taken: true, status: 200 };

/** A pull that runs until it is ended. */
interface Running {
  readonly task: PullTask;
  added(cameIn?: CameIn): void;
  end(result?: AttemptResult): void;
}

let clock: ManualClock;
let running: Running[];
let newest: string | null;
let puller: Puller;
let ended: AttemptResult[];

beforeEach(() => {
  [clock, running, newest, ended] = [new ManualClock(), [], null, []];
  const runs: Pick<PullRun, 'run'> = {
    run: (task, added) =>
      new Promise(
        (resolve) =>
          void running.push({
            task,
            added: (cameIn = NOTHING) => added(cameIn),
            end: (result = TAKEN) => resolve(result),
          }),
      ),
  };
  const destinations: Pick<Destinations, 'findForMessages'> = {
    findForMessages: () => null,
  };
  const syncTokens: Pick<SyncTokens, 'find'> = { find: () => newest };
  puller = new Puller(
    runs as PullRun,
    destinations as Destinations,
    syncTokens as SyncTokens,
    { pulled: () => {}, whenWritten: async () => {} } as unknown as Coverage,
    new BackgroundWork(),
    clock,
  );
});

const bot = (id: string): KnownBot => knownBot({ id });

function start(openKfId = 'wkAccount-1', syncToken = 'ENCtoken', botId = 'bot-1'): Attempt {
  const parcel = kfParcel({ openKfId, syncToken });
  return puller.start(parcel, { ...parcel, bot: bot(botId) }, (result) => void ended.push(result));
}

const turn = () => clock.advance(0);
const tokens = () => running.map(({ task }) => task.syncToken);

describe('the puller', () => {
  it('has an event taken when its pull has ended', async () => {
    const attempt = start();
    await turn();
    expect(ended).toEqual([]);
    running[0]?.end();
    expect(await attempt.result).toEqual(TAKEN);
    expect(ended).toEqual([TAKEN]);
  });

  it('pulls an account once more for all events that come during a pull', async () => {
    const first = start('wkAccount-1', 'ENC1');
    await turn();
    const meanwhile = ['ENC2', 'ENC3', ''].map((token) => start('wkAccount-1', token));
    await turn();
    expect(running).toHaveLength(1);
    running[0]?.end();
    await first.result;
    await turn();
    expect(tokens()).toEqual(['ENC1', 'ENC3']);
    running[1]?.end();
    expect(await Promise.all(meanwhile.map(({ result }) => result))).toEqual([TAKEN, TAKEN, TAKEN]);
    await turn();
    expect(running).toHaveLength(2);
  });

  it('has four pulls of a corp under way, and the others in their turn', async () => {
    const attempts = [1, 2, 3, 4, 5, 6].map((n) => start(`wkAccount-${n}`));
    await turn();
    expect(running).toHaveLength(4);
    running[2]?.end();
    await turn();
    expect(running.map(({ task }) => task.account.openKfId).at(-1)).toBe('wkAccount-5');
    for (const one of running) one.end();
    await turn();
    for (const one of running) one.end();
    expect(await Promise.all(attempts.map(({ result }) => result))).toEqual(attempts.map(() => TAKEN));
  });

  it('shares these by turns of bot', async () => {
    for (let n = 1; n <= 8; n++) start(`wkAccount-${n}`);
    for (const n of [1, 2]) start(`wkSecond-${n}`, 'ENCtoken', 'bot-2');
    start('wkThird-1', 'ENCtoken', 'bot-3');
    for (let ended = 0; ended < 4; ended++) {
      await turn();
      running[ended]?.end();
    }
    await turn();
    const begun = running.slice(4).map(({ task }) => task.account.openKfId);
    expect(begun).toEqual(['wkAccount-5', 'wkSecond-1', 'wkThird-1', 'wkAccount-6']);
  });

  it('lets an event be withdrawn until its pull begins', async () => {
    const first = start();
    await turn();
    const second = start();
    expect([first.withdraw(), second.withdraw()]).toEqual([false, true]);
    expect(await second.result).toMatchObject({ taken: false, stage: 'withdrawn' });
  });

  it('does not keep an event waiting for a pull that takes long', async () => {
    const attempt = start();
    await clock.advance(10_000);
    expect(await attempt.result).toMatchObject({ taken: false, stage: 'pull_later' });
    running[0]?.end();
    await turn();
    expect(ended).toHaveLength(1);
  });

  it('takes a newer token that was seen, where the event has none of WeCom', async () => {
    newest = 'ENCnewer';
    start('wkAccount-1', '');
    start('wkAccount-2', makeSyncToken());
    start('wkAccount-3', 'ENCown');
    await turn();
    expect(tokens()).toEqual(['ENCnewer', 'ENCnewer', 'ENCown']);
  });
});
