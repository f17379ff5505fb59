import { Injectable } from '@nestjs/common';
import type { Addressee } from '../../kernel/account.js';
import type { OpenBot } from '../../registry/bots/known-bots.js';
import type { NewMessage } from '../../queue/message.js';

/** A page that brought something new, and is stored. */
export interface StoredPage {
  readonly account: Addressee;
  readonly bot: OpenBot;
  /** All of the page, those that were known before too. */
  readonly messages: readonly NewMessage[];
}

/** Tells of what this process has pulled. */
@Injectable()
export class PulledMessages {
  readonly #listeners = new Set<(pulled: StoredPage) => void>();

  /** @param tell is called in the turn in which the page was stored. */
  listen(tell: (pulled: StoredPage) => void): void {
    this.#listeners.add(tell);
  }

  tell(pulled: StoredPage): void {
    for (const tell of this.#listeners) tell(pulled);
  }
}
