/** What an event does that comes again: to its puppet nothing, and to a newer event that waits nothing either. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ForgetlessPuppet } from '../support/forgetless-puppet.js';
import { postJson, register } from '../support/puppet-server.js';
// One of them is MongoDB.
import { onEachStoreNightly } from '../support/each-store.js';
import { suiteManager } from '../support/suite-manager.js';
import { until } from '../support/until.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  nowS,
  postCallback,
  sealCallback,
  type WecomApp,
} from '../support/wecom.js';

const SECOND = 1_348_831_860;

onEachStoreNightly((newPlace) => {
  const manager = suiteManager(newPlace);
  let app: WecomApp;
  let openKfId: string;
  let puppet: ForgetlessPuppet;

  beforeEach(async () => {
    app = newApp();
    openKfId = newOpenKfId();
    puppet = await ForgetlessPuppet.start();
    await register(manager.url, app, openKfId, puppet.url);
  });

  afterEach(() => puppet.close());

  async function untilNothingWaits(): Promise<void> {
    await until(async () => {
      const response = await fetch(`${manager.url}/api/v1/accounts/${openKfId}`);
      return ((await response.json()) as { hint: unknown }).hint === null;
    });
  }

  const forms = {
    /** As WeCom re-sends it: the same message, sealed anew. */
    'as WeCom calls': (syncToken: string, second = SECOND, account = openKfId) =>
      postCallback(manager.url, app, sealCallback(app, kfMessageXml(app, account, syncToken, second))),
    'as a gateway calls': (token: string, createTime?: number, account = openKfId) =>
      postJson(`${manager.url}/callback/decrypted/${app.corpId}`, { token, openKfId: account, createTime }),
  };

  it('settles no newer event of its second that waits, also after kill -9, whoever calls', async () => {
    const senders = Object.values(forms).map((send) => {
      const account = newOpenKfId();
      const accepted = async (syncToken: string) =>
        expect((await send(syncToken, undefined, account)).status).toBe(200);
      return { account, accepted };
    });
    for (const { account, accepted } of senders) {
      await register(manager.url, app, account, puppet.url);
      await accepted('first');
    }
    await manager.restart('SIGKILL');
    puppet.isBusy = true;
    for (const { accepted } of senders) await accepted('second');
    for (const [n, { accepted }] of senders.entries()) {
      await accepted('first');
      expect(puppet.dropped).toBe(n + 1);
    }
    puppet.isBusy = false;
    await puppet.untilNews(2 * senders.length);
  });

  describe('as WeCom calls', () => {
    async function accepted(syncToken: string, second?: number): Promise<void> {
      expect((await forms['as WeCom calls'](syncToken, second)).status).toBe(200);
    }

    it('settles no newer event of its second that waits', async () => {
      await accepted('first');
      puppet.isBusy = true;
      await accepted('second');
      await accepted('first');
      expect(puppet.dropped).toBe(1);
      puppet.isBusy = false;
      await puppet.untilNews(2);
    });

    it('does not take the place of a newer event of its second that waits', async () => {
      await accepted('first');
      puppet.isDown = true;
      await accepted('second');
      await accepted('first');
      puppet.isDown = false;
      await puppet.untilNews(2);
      expect(puppet.tokens(app)).toEqual(['first', 'second']);
    });

    it('does not take the place of an event of a later second, however late it comes', async () => {
      puppet.isDown = true;
      await accepted('newer', SECOND + 2);
      await accepted('delayed', SECOND + 1);
      puppet.isDown = false;
      await puppet.untilNews(1);
      expect(puppet.tokens(app)).toEqual(['newer']);
    });

    it('whose CreateTime is far ahead makes no later event of the corp look old', async () => {
      await accepted('ahead', nowS() + 365 * 86_400);
      puppet.isDown = true;
      await accepted('further ahead', nowS() + 366 * 86_400);
      await accepted('later', nowS());
      puppet.isDown = false;
      await puppet.untilNews(2);
      expect(puppet.tokens(app)).toEqual(['ahead', 'later']);
      // Once a minute, so it may be that of the other form.
      expect(await manager.line(({ msg }) => msg === 'callback.create_time_ahead')).toMatchObject({
        level: 40,
      });
    });

    it('is settled by an event of a later second', async () => {
      puppet.isBusy = true;
      await accepted('older', SECOND + 1);
      puppet.isBusy = false;
      await accepted('newer', SECOND + 2);
      await untilNothingWaits();
      expect(puppet.tokens(app)).toEqual(['newer']);
    });
  });
});
