import { Inject, Injectable } from '@nestjs/common';
import { Sealer, SealError } from '../crypto/sealer.js';
import { contentIdentityOf } from '../storage/queue/entry.js';
import type { Message } from './message.js';
import { AppError } from '../kernel/app-error.js';
import { LOG, type Log } from '../kernel/log.js';
import { Secret } from '../kernel/secret.js';

/**
 * Seals the content of messages before it is stored, and opens it afterwards. A message that cannot be
 * opened waits for its key.
 */
@Injectable()
export class MessageContents {
  /** Keys already reported as missing. */
  readonly #said = new Set<string>();

  constructor(
    private readonly sealer: Sealer,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** @throws AppError `STORE_UNAVAILABLE` without a key: what customers write is never stored in the clear. */
  seal(message: Message): Message {
    if (!this.sealer.hasKeys)
      throw new AppError('STORE_UNAVAILABLE', { internal: { what: 'messages without SECRETS_KEY' } });
    const content = new Secret(this.sealer.seal(message.content.reveal(), contentIdentityOf(message)));
    return { ...message, content };
  }

  /** @throws AppError `STORE_UNAVAILABLE` when the key of the message is missing here. */
  open(message: Message): Message {
    try {
      const content = new Secret(this.sealer.open(message.content.reveal(), contentIdentityOf(message)));
      return { ...message, content };
    } catch (cause) {
      if (!(cause instanceof SealError)) throw cause;
      this.#sayClosed(message, cause);
      throw new AppError('STORE_UNAVAILABLE', { cause, internal: { what: 'open message' } });
    }
  }

  /** Once for each key: a backlog may have thousands of messages. */
  #sayClosed({ openKfId, corpId }: Message, { keyId, isKeyUnknown }: SealError): void {
    if (this.#said.has(keyId)) return;
    this.#said.add(keyId);
    const reason = isKeyUnknown
      ? 'SECRETS_KEY does not have the key of a message; add it, or drop the message'
      : 'a message was changed or moved by someone else; drop it';
    this.log.error({ openKfId, corpId, keyId, reason }, 'secrets.cannot_open');
  }
}
