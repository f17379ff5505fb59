/** A program that WeCom calls directly, as its users have it without a manager: a WeCom of its own for each. */
import { stablePort } from '../faults/ports.js';
import type { Run } from '../faults/run.js';
import type { AccessKind } from '../../packages/simulator/corp/app.js';
import { BotProcess } from './bot-process.js';
import { Conversation, type Load } from './conversation.js';
import type { Installed } from './install.js';
import type { Seat } from './program.js';
import { ACCOUNTS, CUSTOMERS, nameOf } from './seats.js';
import { converse, type Outcome } from './trial.js';
import { startWecomSite } from './wecom-site.js';

export async function tryDirect(
  run: Run,
  seat: Seat,
  installed: Installed,
  load: Load,
  isRestarted: boolean,
  kind: AccessKind | null,
): Promise<readonly Outcome[]> {
  const name = nameOf(seat);
  const site = await startWecomSite(run, {
    ...{ accounts: ACCOUNTS, customers: CUSTOMERS },
    ...(kind !== null && { kind }),
  });
  const { wecom } = site;
  const { corpId, corpSecret, callback, accounts, customers } = wecom;
  const { openKfId = '', name: kfName = '' } = accounts[0] ?? {};
  const settings = {
    ...{ name, port: await stablePort(), corpId, corpSecret, apiBase: null, openKfId, kfName },
    ...{ token: callback.token, encodingAESKey: callback.encodingAESKey },
  };
  const bot = new BotProcess(run, seat.program, installed, settings, site.env);
  await bot.start();
  const verification = await wecom.saveCallback({ ...callback, url: bot.url });
  const fault = verification.isVerified ? null : verification.detail;
  const conversation = new Conversation(wecom, name, accounts, customers);
  const restarts = isRestarted ? { manager: null } : null;
  const outcomes = await converse(
    run,
    wecom,
    [{ seat, bot, fault, conversation }],
    load,
    restarts,
    async () => 0,
  );
  await bot.kill();
  await site.close();
  return outcomes;
}
