/**
 * Programs as they are, with customers whom people serve as well: one asks the bot, asks for people, is served, and comes back.
 * The bot has to answer before and after that, and to say nothing in between.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Conversations } from '../faults/people/conversations.js';
import { expectedTexts, goRound, SESSION } from '../faults/people/customer-round.js';
import type { Run } from '../faults/run.js';
import { seatOne } from './behind.js';
import type { Installed } from './install.js';
import { ManagedSite } from './managed-site.js';
import { type Program, type Seat, SEATS } from './program.js';
import { nameOf } from './seats.js';
import type { Seated } from './trial.js';
import { startWecomSite } from './wecom-site.js';

const NAMES = ['LangBot', 'AstrBot'];
/** What a bot says too late comes by then. */
const AFTERWARDS_MS = 10_000;

/** A session is for bots that take messages. */
export const PEOPLE_SEATS: readonly Seat[] = SEATS.filter(
  ({ program, reach }) => NAMES.includes(program.name) && reach.takes === 'message',
);

/** @returns what was not as expected. */
export async function tryWithPeople(
  run: Run,
  seats: readonly Seat[],
  installedOf: (program: Program) => Installed,
): Promise<readonly string[]> {
  const named = (what: string) => seats.map((seat) => `${nameOf(seat)} ${what}`);
  const site = await startWecomSite(run, { accounts: named('account'), customers: named('customer') });
  const { wecom } = site;
  const manager = await ManagedSite.start(run, site);
  const tried = await Promise.all(
    seats.map((seat) => seatOne(run, site, manager, seat, installedOf(seat.program), SESSION)),
  );
  const conversations = new Conversations(wecom);
  const found = await Promise.all(tried.map((one) => ('bot' in one ? tryOne(one) : [one.notRun])));
  await manager.stop();
  await site.close();
  return found.flat();

  async function tryOne({ seat, bot }: Seated): Promise<readonly string[]> {
    const name = nameOf(seat);
    const openKfId = wecom.accounts.find((account) => account.name.startsWith(`${name} `))?.openKfId ?? '';
    const customer =
      wecom.customers.find(({ nickname }) => nickname.startsWith(`${name} `))?.externalUserId ?? '';
    const answerTo = (text: string) => `${name}: ${text}`;
    await goRound(wecom, conversations, { openKfId, customer }, answerTo);
    await sleep(AFTERWARDS_MS);
    await bot.kill();
    const shown = conversations.shownTo(customer).map(({ text }) => text);
    const isAsExpected =
      shown.join('\n') === expectedTexts(answerTo).join('\n') && conversations.refused === 0;
    const line = `${seat.program.name} ${seat.program.version}, ${seat.reach.name}: ${shown.join(' | ')}`;
    run.say(`  ${line}`);
    return isAsExpected ? [] : [`${line}; ${conversations.refused} replies were refused because of people`];
  }
}
