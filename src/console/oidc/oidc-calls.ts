import { Injectable } from '@nestjs/common';
import type { CustomFetchOptions } from 'openid-client';
import type { Count } from '../../metrics/count.js';
import { byValue, Metrics } from '../../metrics/metrics.js';
import { WecomClient } from '../../wecom/client/wecom-client.js';

/** For one call: its connection, and all of its answer. */
export const CALL_LIMIT_MS = 5_000;
/** Its connections are counted by themselves, so that a provider which hangs takes nobody else's. */
const CALLS = 'oidc';
const SERVER_ERRORS = 500;
const RESULTS = ['answered', 'failed'] as const;

/** The provider gave no answer that says anything. The message repeats nothing of the call. */
export class ProviderFault extends TypeError {
  override readonly name = 'ProviderFault';
}

/** The calls that openid-client makes. It passes on what is a `TypeError`, as those of `fetch` are. */
@Injectable()
export class OidcCalls {
  readonly #counts: Readonly<Record<(typeof RESULTS)[number], Count>>;

  constructor(
    /** Its limits of time and size, forward proxy and trusted certificates hold here too. */
    private readonly http: WecomClient,
    metrics: Metrics,
  ) {
    const calls = metrics.counter('wxkf_oidc_calls_total');
    this.#counts = byValue(RESULTS, (result) => calls({ result }));
  }

  /** @throws ProviderFault */
  async send(url: string, { method, headers, body }: CustomFetchOptions): Promise<Response> {
    try {
      const { status, text } = await this.http.send({
        corpId: CALLS,
        method: method === 'POST' ? 'POST' : 'GET',
        url: new URL(url),
        headers,
        ...(body instanceof URLSearchParams && { body: body.toString() }),
        limitMs: CALL_LIMIT_MS,
      });
      if (status >= SERVER_ERRORS) throw new Error(`it answered ${status}`);
      this.#counts.answered.add();
      // Whatever calls itself something else is no JSON, and found to be none.
      return new Response(text || null, { status, headers: { 'content-type': 'application/json' } });
    } catch (error) {
      this.#counts.failed.add();
      throw new ProviderFault(error instanceof Error ? error.message : 'unknown');
    }
  }
}
