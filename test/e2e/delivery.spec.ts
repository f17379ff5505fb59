/** The promise of delivery: what was answered with 200 arrives, whatever happens to puppet and manager meanwhile. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hintCounts } from '../support/metrics.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { mongoPlace } from '../support/each-store.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { suiteManager } from '../support/suite-manager.js';
import { until, whenServed } from '../support/until.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  postCallback,
  sealCallback,
  type WecomApp,
} from '../support/wecom.js';

/** @param isShared whether several managers may be on the store. */
function deliveriesIn(newPlace: () => Place, isShared: boolean): void {
  const manager = suiteManager(newPlace);
  let app: WecomApp;
  let openKfId: string;
  let puppet: PuppetServer;

  beforeEach(async () => {
    app = newApp();
    openKfId = newOpenKfId();
    puppet = await startPuppetServer();
  });

  afterEach(() => puppet.close());

  const callback = (account = openKfId) => sealCallback(app, kfMessageXml(app, account));

  async function keep(sent = callback(), account = openKfId): Promise<void> {
    const response = await whenServed(() => postCallback(manager.url, app, sent));
    expect([response.status, await response.text()]).toEqual([200, 'success']);
    await manager.line(
      ({ msg, openKfId: of, outcome }) =>
        msg === 'callback.answered' && of === account && outcome === 'pending',
    );
  }

  /** Settled a moment after the puppet has it. */
  async function untilNothingWaits(): Promise<void> {
    await until(async () => (await hintCounts(manager.url)).waiting === 0);
  }

  async function puppetIsDown(): Promise<string> {
    const { url } = puppet;
    await puppet.close();
    return url;
  }

  async function puppetIsBack(url: string): Promise<void> {
    puppet = await startPuppetServer(undefined, Number(new URL(url).port));
  }

  it('brings what was kept before kill -9; what was parked before any puppet, when one registers, after its answer', async () => {
    const registered = newOpenKfId();
    await register(manager.url, app, registered, puppet.url);
    const url = await puppetIsDown();
    await keep(callback(registered), registered);
    await keep();
    await manager.restart('SIGKILL');
    await puppetIsBack(url);
    await puppet.next();
    await untilNothingWaits();
    expect((await hintCounts(manager.url)).parked).toBeGreaterThan(0);
    const arrived = puppet.next();
    await register(manager.url, app, openKfId, puppet.url);
    await arrived;
    expect(puppet.received).toHaveLength(2);
    await untilNothingWaits();
  });

  if (!isShared || process.env.TEST_EVERY_STORE) byPortsAlone();

  /** On MongoDB in the nightly run only, as other suites that use the store through its ports alone. */
  function byPortsAlone(): void {
    it('brings the callback, byte for byte, when the puppet is back, and shows in /health what waits', async () => {
      await register(manager.url, app, openKfId, puppet.url);
      const sent = callback();
      const url = await puppetIsDown();
      await keep(sent);
      const { details } = (await (await fetch(`${manager.url}/health`)).json()) as { details: object };
      expect(details).toMatchObject({ outbox: { dead: 0, unreadable: 0, waiting: 1 } });
      await puppetIsBack(url);
      const received = await puppet.next();
      expect([received.body, received.query]).toEqual([sent.body, sent.query]);
      expect(Number(received.headers['x-wxkf-attempt'])).toBeGreaterThanOrEqual(2);
      await untilNothingWaits();
    });

    it('brings the newest event alone, and what comes later at once', async () => {
      await register(manager.url, app, openKfId, puppet.url);
      const url = await puppetIsDown();
      await keep();
      const newest = callback();
      await keep(newest);
      await puppetIsBack(url);
      expect((await puppet.next()).body).toBe(newest.body);
      await untilNothingWaits();
      await postCallback(manager.url, app, callback());
      expect(puppet.received).toHaveLength(2);
    });

    it('does not bring again what a slow puppet took after the answer', async () => {
      await register(manager.url, app, openKfId, puppet.url);
      let take = () => {};
      puppet.behave((_request, response) => {
        take = () => response.end('success');
      });
      await keep();
      take();
      await untilNothingWaits();
      expect(puppet.received).toHaveLength(1);
    });
  }
}

describe('on the embedded store', () => deliveriesIn(embeddedPlace, false));
mongoSuite('on MongoDB', () => deliveriesIn(mongoPlace, true));
