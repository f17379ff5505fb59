import type { Dispatcher as Undici } from 'undici';
import type { TraceContext } from '../../kernel/trace-context.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { Destination } from '../../registry/destination.js';
import type { Endpoint } from '../../registry/endpoint/endpoint.js';
import type { KfEvent } from '../kf-event.js';
import { PUPPET_FORM } from './puppet-form.js';
import { WecomForm } from './wecom-form.js';

/** How an event is put into a request, and how long an attempt may take. */
export interface DeliveryForm {
  readonly limitMs: number;
  /** @param attempt counted from 1. */
  toRequest(
    endpoint: Endpoint,
    event: KfEvent,
    attempt: number,
    nowMs: number,
    trace: TraceContext | null,
  ): Undici.DispatchOptions;
}

const OF_BOTS = new WeakMap<KnownBot, WecomForm>();

/** The form that whoever takes the events understands. */
export function formFor({ bot }: Destination): DeliveryForm {
  if (bot === null) return PUPPET_FORM;
  let form = OF_BOTS.get(bot);
  if (form === undefined) {
    form = new WecomForm(bot);
    OF_BOTS.set(bot, form);
  }
  return form;
}
