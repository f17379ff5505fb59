/** Several programs at once behind one manager and one callback URL, each with accounts of its own, or an app of its own. */
import type { SessionSettings } from '../../src/registry/bots/session.dto.js';
import { stablePort } from '../faults/ports.js';
import type { Run } from '../faults/run.js';
import { BotProcess } from './bot-process.js';
import type { AccessKind, App, AppOptions } from '../../packages/simulator/corp/app.js';
import { Conversation, type Load } from './conversation.js';
import type { Installed } from './install.js';
import { ManagedSite } from './managed-site.js';
import type { Program, Reach, Seat } from './program.js';
import { ACCOUNTS, CUSTOMERS, nameOf } from './seats.js';
import { converse, type NotRun, type Outcome, type Seated } from './trial.js';
import { startWecomSite, type WecomSite } from './wecom-site.js';

export async function tryBehind(
  run: Run,
  seats: readonly Seat[],
  installedOf: (program: Program) => Installed,
  load: Load,
  isRestarted: boolean,
  kind: AccessKind | null,
): Promise<readonly (Outcome | NotRun)[]> {
  const of = (seat: Seat, names: readonly string[]) => names.map((name) => `${nameOf(seat)} ${name}`);
  const named = (names: readonly string[]) => seats.flatMap((seat) => of(seat, names));
  const site = await startWecomSite(run, {
    ...{ accounts: named(ACCOUNTS), customers: named(CUSTOMERS) },
    ...(kind !== null && { kind }),
    ...(kind === 'self-built' && {
      apps: seats.map((seat): AppOptions => ({ name: nameOf(seat), accounts: of(seat, ACCOUNTS) })),
    }),
  });
  const manager = await ManagedSite.start(run, site);
  const tried = await Promise.all(
    seats.map((seat) => seatOne(run, site, manager, seat, installedOf(seat.program))),
  );
  const seated = tried.filter((one) => 'bot' in one);
  const restarts = isRestarted ? { manager: () => manager.restart() } : null;
  const undelivered = () => manager.operator.undelivered();
  const outcomes = await converse(run, site.wecom, seated, load, restarts, undelivered);
  await Promise.all(seated.map(({ bot }) => bot.kill()));
  await manager.stop();
  await site.close();
  return [...outcomes, ...tried.filter((one) => 'notRun' in one)];
}

/** Adds the bot, starts the program with what the manager made for it, and has it verified. */
export async function seatOne(
  run: Run,
  { wecom, env }: WecomSite,
  manager: ManagedSite,
  seat: Seat,
  installed: Installed,
  session: SessionSettings | null = null,
): Promise<Seated | NotRun> {
  const { program, reach } = seat;
  const name = nameOf(seat);
  const { corpId } = wecom;
  const { corpSecret } = appOf(wecom.apps, name);
  const accounts = wecom.accounts.filter((account) => account.name.startsWith(`${name} `));
  const customers = wecom.customers.filter(({ nickname }) => nickname.startsWith(`${name} `));
  const port = await stablePort();
  const { id, key, token, encodingAESKey } = await manager.operator.addBot({
    ...{ name, corpId, api: reach.api, takes: reach.takes, url: `http://127.0.0.1:${port}${program.path}` },
    openKfIds: accounts.map(({ openKfId }) => openKfId),
    corpSecret: isRecognized(reach) ? corpSecret : null,
    session,
  });
  if (reach.proxy === 'tunnel' && !(await manager.hasTunnels(key)))
    return { seat, notRun: 'this version of the manager has no tunnels' };
  const { openKfId = '', name: kfName = '' } = accounts[0] ?? {};
  const settings = {
    ...{ name, port, corpId, corpSecret, token, encodingAESKey, openKfId, kfName },
    apiBase: reach.apiBase?.(manager.url, key) ?? null,
  };
  const bot = new BotProcess(run, program, installed, settings, {
    ...env,
    ...proxyFor(reach, manager.proxyOf(key)),
  });
  await bot.start();
  const fault = await manager.operator.verify(id);
  return { seat, bot, fault, conversation: new Conversation(wecom, name, accounts, customers) };
}

/** Its own, or the one that all share. */
function appOf(apps: readonly App[], name: string): App {
  const app = apps.find((one) => one.name === name) ?? apps[0];
  if (app === undefined) throw new Error('there is no app');
  return app;
}

/** Whether the manager sees access tokens that the bot got elsewhere, or pulls itself. */
function isRecognized({ api, proxy, takes }: Reach): boolean {
  return api === 'manager' && (proxy !== 'none' || takes === 'message');
}

/** In place of the way that leads to WeCom past the manager. */
function proxyFor({ proxy }: Reach, tunnel: string): { readonly HTTPS_PROXY?: string } {
  switch (proxy) {
    case 'internet':
      return {};
    case 'tunnel':
      return { HTTPS_PROXY: tunnel };
    case 'none':
      // Nobody listens there: what does not go to the manager fails.
      return { HTTPS_PROXY: 'http://127.0.0.1:1' };
    default:
      return proxy satisfies never;
  }
}
