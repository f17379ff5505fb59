import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { BotEndpoints } from '../../dispatch/endpoint/bot-endpoint.js';
import { accountKey, type Addressee } from '../../kernel/account.js';
import { Accounts } from '../../registry/accounts/accounts.js';
import {
  type Destination,
  Destinations,
  type MessageDestination,
} from '../../registry/accounts/destination.js';
import { listedIn } from '../../registry/bots/bot.js';
import { type KnownBot, KnownBots } from '../../registry/bots/known-bots.js';
import { STREAM_ORIGIN } from '../../registry/endpoint/endpoint.js';
import type { Puppet } from '../../storage/puppets/puppet.js';

/** Registrations that are read in one turn of the event loop. */
const SLICE = 1_000;

/** By whom the events of an account are taken. */
export const SERVED_BY = ['bot', 'puppet', 'people', 'nobody'] as const;
export type ServedBy = (typeof SERVED_BY)[number];

/** Who serves an account now. */
export interface AccountServer {
  readonly servedBy: ServedBy;
  readonly bot: KnownBot | null;
  /** What is registered, even while a bot has the account. */
  readonly puppet: Puppet | null;
  /** Where its events go; `null` where they go nowhere, or over a stream. */
  readonly address: string | null;
  /** Its puppet has deregistered, or no client of its bot is connected. */
  readonly isAway: boolean;
  /** What its bot is sent fails again and again, so that it gets nothing but probes. A pull that fails says nothing of the bot. */
  readonly isCircuitOpen: boolean;
}

/** Knows from memory who serves which account. */
@Injectable()
export class AccountServers {
  constructor(
    private readonly accounts: Accounts,
    private readonly bots: KnownBots,
    private readonly destinations: Destinations,
    private readonly botEndpoints: BotEndpoints,
  ) {}

  of(account: Addressee): AccountServer {
    const destination = this.destinations.find(account);
    const recipient = destination.isPulled ? this.destinations.findForMessages(account) : null;
    const { state } = recipient ?? destination;
    return {
      ...this.#whoServes(destination),
      puppet: this.accounts.find(account),
      address: toShown(recipient?.address ?? destination.address),
      isAway: state === 'offline' || state === 'absent',
      isCircuitOpen: this.#isCircuitOpen(destination, recipient),
    };
  }

  /** Of all accounts that puppets have registered or bots list; some may be there twice. */
  async *keys(): AsyncGenerator<readonly string[]> {
    for (let after: string | null = ''; after !== null;) {
      const slice = await this.accounts.list(after, null, SLICE);
      yield slice.map(accountKey);
      const last = slice.at(-1);
      after = last === undefined || slice.length < SLICE ? null : accountKey(last);
      if (after !== null) await nextTurn();
    }
    for (const bot of this.bots.list())
      yield listedIn(bot).map((openKfId) => accountKey({ corpId: bot.corpId, openKfId }));
  }

  #whoServes({ corpId, openKfId, state, bot, puppet }: Destination): Pick<AccountServer, 'servedBy' | 'bot'> {
    const listed = this.bots.findListed(corpId, openKfId);
    if (state === 'unserved') return { servedBy: 'people', bot: listed ?? this.bots.findOfOthers(corpId) };
    if (bot !== null) return { servedBy: 'bot', bot };
    if (puppet !== null) return { servedBy: 'puppet', bot: this.bots.find(puppet.botId) };
    // It is the bot's, and no puppet has registered with its key.
    return { servedBy: listed === null ? 'nobody' : 'bot', bot: listed };
  }

  #isCircuitOpen(destination: Destination, recipient: MessageDestination | null): boolean {
    if (!destination.isPulled) return this.botEndpoints.to(destination)?.isOpen === true;
    return recipient?.endpoint != null && this.botEndpoints.circuits.isOpen(recipient.endpoint.href);
  }
}

/** A stream has none. */
function toShown(address: string): string | null {
  return address === '' || address.startsWith(STREAM_ORIGIN) ? null : address;
}
