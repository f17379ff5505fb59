import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { Destination } from '../../registry/accounts/destination.js';
import type { DeliveryForm } from './delivery-form.js';
import { PUPPET_FORM } from './puppet-form.js';
import { WecomEnvelope } from './wecom-envelope.js';
import { WecomForm } from './wecom-form.js';

const OF_BOTS = new WeakMap<KnownBot, WecomForm>();
const ENVELOPES = new WeakMap<KnownBot, WecomEnvelope>();

/** The form that the bot understands; for no bot, that of puppets. */
export function formFor({ bot }: Pick<Destination, 'bot'>): DeliveryForm {
  return bot === null ? PUPPET_FORM : cached(OF_BOTS, bot, WecomForm);
}

/** For a bot that takes callbacks over its stream. Its secrets have to be open. */
export function envelopeFor(bot: KnownBot): WecomEnvelope {
  return cached(ENVELOPES, bot, WecomEnvelope);
}

function cached<T>(known: WeakMap<KnownBot, T>, bot: KnownBot, Kind: new (bot: KnownBot) => T): T {
  let one = known.get(bot);
  if (one === undefined) {
    one = new Kind(bot);
    known.set(bot, one);
  }
  return one;
}
