import type { KfEvent } from '../../dispatch/endpoint/kf-event.js';
import type { DeliveryForm } from '../../dispatch/endpoint/delivery-form.js';
import { formFor } from '../../dispatch/endpoint/forms.js';
import type { Recipient } from '../../dispatch/endpoint/bot-endpoint.js';
import { rulesOf } from '../../registry/bots/bot-kinds.js';
import { makeSyncToken } from '../../registry/bots/sync-tokens.js';
import type { MessageTaker } from '../../registry/accounts/destination.js';
import { Secret } from '../../kernel/secret.js';
import { type Message, webhookIdOf } from '../../storage/queue/message.js';
import { ORIGIN } from '../../wecom/outcomes/read-messages.js';
import { signedForm } from './signed-form.js';

/**
 * The form that the taker of a message understands.
 * @param hasPulled see `DeliveryForm.hasPulled`.
 */
export function messageFormFor(
  { bot }: MessageTaker,
  message: Message,
  hasPulled: () => Promise<boolean>,
): DeliveryForm {
  if (rulesOf(bot).pulls) {
    const form = formFor({ bot });
    return { limitMs: form.limitMs, hasPulled, toRequest: (...of) => form.toRequest(...of) };
  }
  return signedForm(toJson(message), bot);
}

/** Names the texts that the message was joined from. */
function toJson({ content, merged }: Message): Secret {
  if (merged === undefined) return content;
  return new Secret(JSON.stringify({ ...(JSON.parse(content.reveal()) as object), merged }));
}

/** A message as an event of its own, whose sync token is the manager's. */
export function toEvent(message: Message): KfEvent {
  const { corpId, openKfId, sentAtMs, origin } = message;
  return {
    id: webhookIdOf(message),
    corpId,
    openKfId,
    syncToken: makeSyncToken(openKfId),
    createdAtS: Math.floor(sentAtMs / 1_000),
    lagMs: 0,
    raw: null,
    ...(origin === ORIGIN.customer && { isOfCustomer: true }),
    traceparent: null,
  };
}

/** The taker, as `BotEndpoint` takes it. */
export function toRecipient(taker: MessageTaker): Recipient {
  const { corpId, openKfId, address, bot, puppet, fault } = taker;
  return { corpId, openKfId, address, bot, puppet, fault, isPulled: false };
}
