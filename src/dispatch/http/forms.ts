import type { Destination } from '../../registry/accounts/destination.js';
import { isOpen, takesCallbacks } from '../../registry/bots/bot.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { Parcel } from '../endpoint/parcel.js';
import type { DeliveryForm } from './delivery-form.js';
import { PUPPET_FORM } from './puppet-form.js';
import { signedForm } from './signed-form.js';
import { WecomEnvelope } from './wecom-envelope.js';
import { WecomForm } from './wecom-form.js';

const OF_BOTS = new WeakMap<KnownBot, WecomForm>();
const ENVELOPES = new WeakMap<KnownBot, WecomEnvelope>();

/** The form in which the bot or puppet understands the parcel. A message that a bot has to pull is told of as an event is. */
export function formFor({ bot }: Pick<Destination, 'bot'>, { body }: Parcel): DeliveryForm {
  if (bot === null) return PUPPET_FORM;
  if (body.kind === 'message' && body.hasPulled === null) return signedForm(bot, body);
  if (bot.kind !== 'callback' || !isOpen(bot)) throw new Error(`bot ${bot.id} has no open URL`);
  return cached(OF_BOTS, bot, WecomForm);
}

/** For a bot that takes callbacks over its stream. Its secrets have to be open. */
export function envelopeFor(bot: KnownBot): WecomEnvelope {
  if (!takesCallbacks(bot) || !isOpen(bot)) throw new Error(`bot ${bot.id} has no open keys`);
  return cached(ENVELOPES, bot, WecomEnvelope);
}

function cached<B extends KnownBot, T>(known: WeakMap<KnownBot, T>, bot: B, Kind: new (bot: B) => T): T {
  let one = known.get(bot);
  if (one === undefined) {
    one = new Kind(bot);
    known.set(bot, one);
  }
  return one;
}
