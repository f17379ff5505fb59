import type { Parcel } from '../../dispatch/endpoint/parcel.js';
import { pulls } from '../../registry/bots/bot.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import { Secret } from '../../kernel/secret.js';
import { type Message, webhookIdOf } from '../../queue/message.js';
import { ORIGIN } from '../../kernel/wecom-format.js';

/**
 * One attempt to give the bot a message.
 * @param attempt counted from 1.
 * @param nowMs store time.
 * @param hasPulled see `MessageBody.hasPulled`; counts only for a bot that pulls.
 */
export function toParcel(
  message: Message,
  bot: KnownBot,
  attempt: number,
  nowMs: number,
  hasPulled: (parcel: Parcel) => Promise<boolean> = async () => false,
): Parcel {
  const { corpId, openKfId, sentAtMs, origin } = message;
  const parcel: Parcel = {
    id: webhookIdOf(message),
    corpId,
    openKfId,
    attempt,
    ageMs: Math.max(0, nowMs - sentAtMs),
    trace: null,
    createdAtS: Math.floor(sentAtMs / 1_000),
    body: {
      kind: 'message',
      content: toJson(message),
      isOfCustomer: origin === ORIGIN.customer,
      hasPulled: pulls(bot) ? () => hasPulled(parcel) : null,
    },
  };
  return parcel;
}

/** Names the texts that the message was joined from. */
function toJson({ content, merged }: Message): Secret {
  if (merged === undefined) return content;
  return new Secret(JSON.stringify({ ...(JSON.parse(content.reveal()) as object), merged }));
}
