/**
 * Asks services of agents, within limits: a deadline for the whole answer, its length, the rules for endpoints at each dial, and
 * the proxies of the environment. It reads JSON and server-sent events, and tells what went wrong without a word of what was said.
 */
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { Dispatcher as Undici } from 'undici';
import { forwardProxyFor } from '../../config/forward-proxy.js';
import { hostJudge, judgedLookup } from '../../dispatch/http/judged-lookup.js';
import {
  type ConnectionPool,
  ConnectionPools,
  type PoolLimits,
} from '../../http/outgoing/connection-pools.js';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import type { Secret } from '../../kernel/secret.js';
import { OutgoingSockets } from '../../metrics/outgoing-sockets.js';
import type { AgentSettings } from '../../registry/bots/agent.dto.js';
import type { Endpoint } from '../../registry/endpoint/endpoint.js';
import { EndpointPolicy } from '../../registry/endpoint/endpoint-policy.js';
import { agentsConfig } from './agents.config.js';
import { type Question, refusalOf } from '../forms/form.js';
import { FORMS } from '../forms/forms.js';
import { type Answer, type OpenQuestion, Call } from './call.js';

/** Each agent has its own. Its `concurrency` is at most 100. */
const LIMITS: PoolLimits = { sockets: 100, exchanges: 200, keepAliveMs: 4_000, connectMs: 10_000 };
/** A stop waits for answers as long as the sender of messages does. */
const CLOSE_AFTER_MS = 11_000;

/** A service with its settings. */
export interface Service {
  readonly endpoint: Endpoint;
  readonly settings: AgentSettings;
  readonly key: Secret;
}

@Injectable()
export class ServiceClient implements OnApplicationShutdown {
  /** By the variable that names the proxy. */
  readonly #pools = new Map<string, ConnectionPools>();

  constructor(
    @Inject(agentsConfig.KEY) private readonly config: ConfigType<typeof agentsConfig>,
    private readonly policy: EndpointPolicy,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
    private readonly sockets: OutgoingSockets,
  ) {}

  onApplicationShutdown(): void {
    this.clock.after(CLOSE_AFTER_MS, () => {
      for (const pools of this.#pools.values()) void pools.close();
    });
  }

  ask({ endpoint, settings, key }: Service, question: Question): OpenQuestion {
    const { path, body } = FORMS[settings.form].toRequest(settings, question);
    const request: Undici.DispatchOptions = {
      method: 'POST',
      path: `${endpoint.basePath}${path}`,
      headers: [
        ...['content-type', 'application/json', 'accept', 'text/event-stream, application/json'],
        ...['authorization', `Bearer ${key.reveal()}`],
      ],
      body: JSON.stringify(body),
    };
    const call = new Call(this.#poolOf(endpoint), request, settings, this.clock).send();
    if (question.conversationId !== null) return call;
    return { answer: call.answer.then(withoutConversation), withdraw: () => call.withdraw() };
  }

  #poolOf({ origin, href }: Endpoint): ConnectionPool {
    const proxy = forwardProxyFor(this.config, new URL(origin));
    const name = proxy?.name ?? '';
    let pools = this.#pools.get(name);
    if (pools === undefined) {
      const { policy } = this;
      pools = new ConnectionPools(
        ...([LIMITS, this.clock, this.log, judgedLookup(policy), proxy, hostJudge(policy)] as const),
      );
      this.#pools.set(name, pools);
      this.sockets.watch('agent', pools);
    }
    return pools.of(origin, href);
  }
}

/** A conversation that was not named cannot be gone: Dify says the same of a URL that leads to nothing. */
function withoutConversation(answer: Answer): Answer {
  if (!('refused' in answer) || answer.refused.refusal !== 'conversation') return answer;
  const { refused } = answer;
  return { ...answer, refused: { ...refused, refusal: refusalOf(refused.status) } };
}
