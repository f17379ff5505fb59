import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { RegistryImage } from '../puppets/registry-image.js';
import type { Registration } from '../../storage/puppets/puppet.js';
import { takesAllOthers } from '../bots/bot.js';
import type { BotTakes } from '../bots/bot-values.js';
import { KnownBots } from '../bots/known-bots.js';

const NO_KEY =
  'takes must be event without a key of a bot that is known; for message, have an operator add a bot of kind puppet that takes messages, and register with its key';
const TAKES_OTHERS: Readonly<Record<BotTakes, string>> = {
  event: 'takes must be message, since the bot takes messages; its puppet has to support them',
  message:
    'takes must be event, since the bot takes events; for messages, have an operator set its takes to message',
};

/** Refuses registrations of an account that another bot lists, and a bot's key for an account that is not the bot's. */
@Injectable()
export class AccountOwners {
  constructor(
    private readonly bots: KnownBots,
    private readonly image: RegistryImage,
  ) {}

  /**
   * For a registration.
   * @throws AppError `BOT_FORBIDDEN`; `REGISTRY_ACCOUNT_OF_BOT`, which names the bot only to a caller whose corpSecret WeCom
   *   has accepted, so that the caller is known to be of the bot's corp.
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
   * A puppet has to ask for what its bot takes. Otherwise it would be sent what it does not support, or wait for what never comes.
   * @param botId of the bot with whose key it registers, `''` for none.
   * @throws AppError `REQUEST_INVALID`
   */
  requireTaking(takes: BotTakes, botId: string): void {
    const bot = botId === '' ? null : this.bots.find(botId);
    // `requireOwner` refuses a bot of another kind, with a better reason.
    if (bot !== null && bot.kind !== 'puppet') return;
    if (takes === (bot?.takes ?? 'event')) return;
    throw new AppError('REQUEST_INVALID', { detail: bot === null ? NO_KEY : TAKES_OTHERS[takes] });
  }

  /**
   * Refuses a bot's key for an account that is not the bot's. A caller without a bot's key may pass.
   * @throws AppError `BOT_FORBIDDEN`
   */
  requireOwner({ openKfId, corpId, botId }: Pick<Registration, 'openKfId' | 'corpId' | 'botId'>): void {
    if (botId === '') return;
    const bot = this.bots.find(botId);
    const listing = this.bots.findListed(corpId, openKfId);
    const isLeft = listing === null && !this.#isOfPuppet(corpId, openKfId);
    const has = isLeft ? bot !== null && takesAllOthers(bot) : listing?.id === botId;
    if (bot === null || bot.kind !== 'puppet')
      throw new AppError('BOT_FORBIDDEN', { detail: 'only a bot of kind puppet registers' });
    if (bot.corpId !== corpId || !has)
      throw new AppError('BOT_FORBIDDEN', { detail: 'kfId and corpId must be an account of the bot' });
  }

  /** Whether a puppet of the corp has registered the account without a bot's key. */
  #isOfPuppet(corpId: string, openKfId: string): boolean {
    const puppet = this.image.findPuppet(openKfId);
    return puppet !== null && puppet.corpId === corpId && puppet.botId === '';
  }
}
