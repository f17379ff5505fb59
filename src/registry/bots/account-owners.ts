import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { RegistryImage } from '../image/registry-image.js';
import type { Registration } from '../puppet.js';
import { takesAllOthers } from './bot.js';
import { KnownBots } from './known-bots.js';

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

  /** For whatever a bot does about an account. Anybody else may. @throws AppError `BOT_FORBIDDEN` */
  requireOwner({ openKfId, corpId, botId }: Pick<Registration, 'openKfId' | 'corpId' | 'botId'>): void {
    if (botId === '') return;
    const bot = this.bots.find(botId);
    const listing = this.bots.findListed(corpId, openKfId);
    const isLeft = listing === null && !this.#isOfPuppet(corpId, openKfId);
    const has = isLeft ? bot !== null && takesAllOthers(bot) : listing?.id === botId;
    if (bot?.kind !== 'puppet')
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
