import type { Dispatcher as Undici } from 'undici';
import { type TraceContext, toTraceHeaders } from '../../kernel/trace-context.js';
import type { CallbackBot } from '../../registry/bots/known-bots.js';
import type { CallbackUrl, Endpoint } from '../../registry/endpoint/endpoint.js';
import type { DeliveryForm } from './delivery-form.js';
import type { Parcel } from '../endpoint/parcel.js';
import { toCallbackQuery, WecomEnvelope } from './wecom-envelope.js';

/** As WeCom itself sends a callback, to the URL of a callback bot. */
export class WecomForm implements DeliveryForm {
  readonly limitMs: number;
  /** Names and values in turn, besides those of every callback. */
  readonly headers: readonly string[];
  readonly envelope: WecomEnvelope;
  readonly #path: string;

  /** @param bot whose URL may be used. */
  constructor(bot: CallbackBot) {
    const { path, query } = bot.endpoint as CallbackUrl;
    this.limitMs = bot.callback.timeoutMs;
    this.#path = query === '' ? `${path}?` : `${path}?${query}&`;
    const headers = Object.entries(bot.secrets.headers);
    this.headers = headers.flatMap(([name, value]) => [name, value.reveal()]);
    this.envelope = new WecomEnvelope(bot);
  }

  toRequest(
    _endpoint: Endpoint,
    parcel: Parcel,
    nowMs: number,
    trace: TraceContext | null,
  ): Undici.DispatchOptions {
    const nowS = String(Math.floor(nowMs / 1_000));
    const callback = this.envelope.of(parcel, nowS);
    return {
      method: 'POST',
      path: this.pathWith(toCallbackQuery(callback)),
      headers: [
        'content-type',
        'text/xml',
        'webhook-id',
        parcel.id,
        'webhook-timestamp',
        nowS,
        'x-wxkf-attempt',
        String(parcel.attempt),
        ...this.headers,
        ...toTraceHeaders(trace),
      ],
      body: callback.body,
    };
  }

  /** @param query of this request, percent-encoded. */
  pathWith(query: string): string {
    return this.#path + query;
  }
}
