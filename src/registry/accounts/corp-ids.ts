import { Injectable } from '@nestjs/common';
import { KnownBots } from '../bots/known-bots.js';
import { KnownCorps } from '../keys/known-corps.js';
import { RegistryImage } from '../puppets/registry-image.js';

/** The corps that somebody has registered: with a puppet, an app or a bot. From memory. */
@Injectable()
export class CorpIds {
  constructor(
    private readonly image: RegistryImage,
    private readonly corps: KnownCorps,
    private readonly bots: KnownBots,
  ) {}

  has(corpId: string): boolean {
    return (
      this.image.accountCountOf(corpId) > 0 ||
      this.corps.find(corpId) !== null ||
      this.bots.countOf(corpId) > 0
    );
  }
}
