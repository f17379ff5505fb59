/** A line of the table about messages. */
import type { Durations } from '../durations.js';
import { listed, type Row, unless } from '../scenario.js';
import type { KfSite } from './kf-site.js';
import type { MessageInjections } from './message-injections.js';
import type { MessageManagers } from './message-managers.js';
import type { MessageVerdict } from './message-oracle.js';
import type { MessagesForm } from './messages-form.js';

/** What was seen of a run that is over. */
export interface MessagesFound {
  readonly form: MessagesForm;
  readonly accounts: number;
  readonly verdict: MessageVerdict;
  readonly site: KfSite;
  readonly managers: MessageManagers;
  readonly injections: MessageInjections;
  /** From WeCom to the bot. */
  readonly delays: Durations;
  readonly drainMs: number;
  readonly complaints: readonly string[];
  /** What did not hold besides. */
  readonly broken: readonly string[];
}

export function toMessagesRow(found: MessagesFound): Row {
  const { form, accounts, verdict, managers, injections } = found;
  const { written, lost, lostWithBots, doubles } = verdict;
  return {
    injection: `messages, ${form.title}`,
    length: `${managers.kills} kills of managers, ${injections.botKills} of bots, ${injections.outages} outages`,
    load: `at most ${form.ratePerS}/s over ${accounts} accounts`,
    sent: written,
    accepted: written - lost.length - lostWithBots,
    lost: lost.length,
    duplicates: doubles,
    recovery: null,
    othersP99: null,
    remarks: remarksOf(found),
    broken: [...brokenOf(verdict), ...listed('complaints of bots', found.complaints), ...found.broken],
  };
}

function remarksOf({ verdict, site, managers, injections, delays, drainMs }: MessagesFound): string[] {
  const { doubles, again, lostWithBots } = verdict;
  const perKill = doubles / Math.max(1, managers.kills + injections.botKills);
  const spoilt = [...site.spoilt].map(([what, count]) => `${what} ${count}×`).join(', ');
  const { killsInside } = managers;
  const [sent, accepted] = (['sent', 'accepted'] as const).map((name) =>
    site.corps.reduce((sum, corp) => sum + corp[name], 0),
  );
  return [
    `${doubles} doubles, ${perKill.toFixed(2)} for each kill; ${again} deliveries after one that was not complete`,
    ...unless(
      lostWithBots === 0,
      `${lostWithBots} messages were answered to bots that were killed while they read them`,
    ),
    ...unless(killsInside === 0, `${killsInside} managers killed themselves at instants of their code`),
    `${sent} callbacks sent, ${accepted} answered 200; ${site.pulls} pulls; WeCom's faults: ${spoilt || 'none'}`,
    `from WeCom to the bot p50/p99/max ${[0.5, 0.99, 1].map((share) => seconds(delays.percentile(share))).join(' / ')} s; drained in ${seconds(drainMs)} s`,
  ];
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(2);
}

function brokenOf({ written, lost, outOfOrder, unexplained, unmarked, strangers }: MessageVerdict): string[] {
  return [
    ...unless(written > 0, 'no message was written'),
    ...listed('messages were lost', lost),
    ...listed('messages came out of order', outOfOrder),
    ...listed('doubles had no unknown outcome before them', unexplained),
    ...listed('doubles were said to be first attempts', unmarked),
    ...unless(strangers === 0, `${strangers} deliveries were of no message`),
  ];
}
