import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { Destination } from '../../registry/destination.js';
import type { DeliveryForm } from './delivery-form.js';
import { PUPPET_FORM } from './puppet-form.js';
import { WecomForm } from './wecom-form.js';

const OF_BOTS = new WeakMap<KnownBot, WecomForm>();

/** The form that whoever takes the events understands. */
export function formFor({ bot }: Pick<Destination, 'bot'>): DeliveryForm {
  if (bot === null) return PUPPET_FORM;
  let form = OF_BOTS.get(bot);
  if (form === undefined) {
    form = new WecomForm(bot);
    OF_BOTS.set(bot, form);
  }
  return form;
}
