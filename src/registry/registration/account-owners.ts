import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { RegistryImage } from '../puppets/registry-image.js';
import type { Registration } from '../../storage/puppets/puppet.js';
import { type BotTakes, takesAllOthers } from '../bots/bot.js';
import { KINDS } from '../bots/bot-kinds.js';
import { KnownBots } from '../bots/known-bots.js';

const NO_KEY =
  'takes must be event without a key of a bot that is known; an operator adds a bot of kind puppet that takes messages, with whose key to register';
const TAKES_OTHERS: Readonly<Record<BotTakes, string>> = {
  event: 'takes must be message: the bot takes messages, which its puppet has to know',
  message: 'takes must be event: the bot takes events, until an operator sets its takes to message',
};

/** Keeps accounts that a bot lists from registrations of others, and bots' keys from accounts of others. */
@Injectable()
export class AccountOwners {
  constructor(
    private readonly bots: KnownBots,
    private readonly image: RegistryImage,
  ) {}

  /**
   * For a registration.
   * @throws AppError `BOT_FORBIDDEN`; `REGISTRY_ACCOUNT_OF_BOT`, which names the bot to whom WeCom's word shows that they
   *   are of its corp.
   */
  requireFree(registration: Registration): void {
    const { openKfId, corpId, corpSecret, botId } = registration;
    if (botId !== '') return this.requireOwner(registration);
    const listing = this.bots.findListing(openKfId);
    if (listing === null) return;
    const isOfCorp =
      listing.corpId === corpId && this.image.findSecret(corpId, corpSecret)?.isAccepted === true;
    throw new AppError('REGISTRY_ACCOUNT_OF_BOT', isOfCorp ? { detail: listing.name } : {});
  }

  /**
   * Keeps a puppet from registering for what it would not be sent, and from being sent what it does not know.
   * @param botId of the bot with whose key it registers, `''` for none.
   * @throws AppError `REQUEST_INVALID`
   */
  requireTaking(takes: BotTakes, botId: string): void {
    const bot = botId === '' ? null : this.bots.find(botId);
    // Another kind of bot is told that it may not register at all.
    if (bot !== null && !KINDS[bot.kind].registers) return;
    if (takes === (bot?.takes ?? 'event')) return;
    throw new AppError('REQUEST_INVALID', { detail: bot === null ? NO_KEY : TAKES_OTHERS[takes] });
  }

  /** For whatever a bot does about an account. Anybody else may. @throws AppError `BOT_FORBIDDEN` */
  requireOwner({ openKfId, corpId, botId }: Pick<Registration, 'openKfId' | 'corpId' | 'botId'>): void {
    if (botId === '') return;
    const bot = this.bots.find(botId);
    const listing = this.bots.findListed(corpId, openKfId);
    const isLeft = listing === null && !this.#isOfPuppet(corpId, openKfId);
    const has = isLeft ? bot !== null && takesAllOthers(bot) : listing?.id === botId;
    if (bot === null || !KINDS[bot.kind].registers)
      throw new AppError('BOT_FORBIDDEN', { detail: 'only a bot of kind puppet registers' });
    if (bot.corpId !== corpId || !has)
      throw new AppError('BOT_FORBIDDEN', { detail: 'kfId and corpId must be an account of the bot' });
  }

  /** Whether a puppet of the corp has it that registered with no bot's key. */
  #isOfPuppet(corpId: string, openKfId: string): boolean {
    const puppet = this.image.findPuppet(openKfId);
    return puppet !== null && puppet.corpId === corpId && puppet.botId === '';
  }
}
