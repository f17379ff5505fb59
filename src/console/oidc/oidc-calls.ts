import { Injectable } from '@nestjs/common';
import type { CustomFetchOptions } from 'openid-client';
import type { Count } from '../../metrics/count.js';
import { byValue, Metrics } from '../../metrics/metrics.js';
import { RareCalls } from '../../http/outgoing/rare-calls.js';

/** For one call, from the connection to the end of the answer. */
export const CALL_LIMIT_MS = 5_000;
/** So a provider that hangs uses up no corp's connections. */
const PARTY = 'oidc';
const SERVER_ERRORS = 500;
const RESULTS = ['answered', 'failed'] as const;

/** The provider gave no usable answer. The message repeats nothing of the call. */
export class ProviderFault extends TypeError {
  override readonly name = 'ProviderFault';
}

/** Makes the calls of openid-client. The library passes on a `TypeError` unchanged, as errors of `fetch` are. */
@Injectable()
export class OidcCalls {
  readonly #counts: Readonly<Record<(typeof RESULTS)[number], Count>>;

  constructor(
    /** Brings its limits of time and size, the forward proxy and the trusted certificates. */
    private readonly http: RareCalls,
    metrics: Metrics,
  ) {
    const calls = metrics.counter('wxkf_oidc_calls_total');
    this.#counts = byValue(RESULTS, (result) => calls({ result }));
  }

  /** @throws ProviderFault */
  async send(url: string, { method, headers, body }: CustomFetchOptions): Promise<Response> {
    try {
      const { status, text } = await this.http.send({
        party: PARTY,
        method: method === 'POST' ? 'POST' : 'GET',
        url: new URL(url),
        headers,
        ...(body instanceof URLSearchParams && { body: body.toString() }),
        limitMs: CALL_LIMIT_MS,
      });
      if (status >= SERVER_ERRORS) throw new Error(`it answered ${status}`);
      this.#counts.answered.add();
      // Every body is labelled as JSON. The library parses it and so finds out when it is none.
      return new Response(text || null, { status, headers: { 'content-type': 'application/json' } });
    } catch (error) {
      this.#counts.failed.add();
      throw new ProviderFault(error instanceof Error ? error.message : 'unknown');
    }
  }
}
