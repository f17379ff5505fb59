import type { Identity, Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import type { NewMessage } from '../../messages/message.js';
import type { Addressee } from '../../registry/destination.js';

export type ContentOwner = Addressee & Pick<NewMessage, 'msgid'>;

/** What a message says opens in the record of the message alone. */
export function contentIdentityOf({ corpId, openKfId, msgid }: ContentOwner): Identity {
  return ['message', corpId, openKfId, msgid, 'content'];
}

export function sealContent<T extends NewMessage>(message: T, account: Addressee, sealer: Sealer): T {
  const identity = contentIdentityOf({ ...account, msgid: message.msgid });
  return { ...message, content: new Secret(sealer.seal(message.content.reveal(), identity)) };
}

/** @throws SealError */
export function openContent<T extends ContentOwner & Pick<NewMessage, 'content'>>(
  message: T,
  sealer: Sealer,
): T {
  return {
    ...message,
    content: new Secret(sealer.open(message.content.reveal(), contentIdentityOf(message))),
  };
}
