import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AgentTests } from '../../agents/agent-tests.js';
import type { Service } from '../../agents/service/service-client.js';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags, Errors } from '../../http/answers/swagger.js';
import { toDuration } from '../../http/answers/times.js';
import { faultsIn, knownFieldsOf } from '../../http/answers/validation.js';
import { TakesBody } from '../../http/limits/bodies.js';
import { AppError } from '../../kernel/app-error.js';
import { Secret } from '../../kernel/secret.js';
import { toAgentBody, toWholeAgent, WholeAgentDto } from '../../registry/bots/agent.dto.js';
import { BotsService } from '../../registry/bots/bots.service.js';
import { EndpointPolicy } from '../../registry/endpoint/endpoint-policy.js';
import { AgentTestDto, type AgentTestedAnswer } from './agent-test.dto.js';

/** Services of agents, as operators set them up. */
@Controller('api/v1/agents')
@ApiTags('operators')
export class AgentsController {
  constructor(
    private readonly bots: BotsService,
    private readonly policy: EndpointPolicy,
    private readonly tests: AgentTests,
  ) {}

  /**
   * Ask the service of an agent.
   * @remarks
   * Asks it one question, in a new conversation, and waits for the answer as long as `agent.timeoutMs`. The answer is 200 even if the
   * service fails, and says why. No customer is sent anything, and nothing is kept.
   */
  @Post('test')
  @TakesBody('json')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({ description: 'What the service said.' })
  @Errors('BOT_NOT_FOUND', 'STORE_UNAVAILABLE')
  async testAgent(@Body() body: AgentTestDto, @Req() request: FastifyRequest): Promise<AgentTestedAnswer> {
    const service = await this.#serviceOf(body, request);
    const { result, parts, durationMs, tokens, fault } = await this.tests.ask(service, body.question);
    const answered = fault === null;
    return { answered, result, parts: [...parts], durationMs: toDuration(durationMs), tokens, fault };
  }

  /** @throws AppError `REQUEST_INVALID`, `BOT_NOT_FOUND`, `STORE_UNAVAILABLE` */
  async #serviceOf({ botId, agent = {} }: AgentTestDto, request: FastifyRequest): Promise<Service> {
    const bot = botId === undefined ? null : await this.bots.get(botId);
    if (bot !== null) request.done = { subject: bot.name };
    const before = bot?.kind === 'agent' ? bot : null;
    const given = toWholeAgent(agent, before && toAgentBody(before.agent, before.secrets?.agentKey));
    const endpoint = this.policy.read(given.url ?? '');
    const faults = [
      ...faultsIn(WholeAgentDto, given).map((fault) => `agent.${fault}`),
      ...(given.url && 'must' in endpoint ? [`agent.url must ${endpoint.must}`] : []),
    ];
    if (faults.length > 0 || 'must' in endpoint)
      throw new AppError('REQUEST_INVALID', { detail: faults.join('; ') });
    const { key, ...settings } = knownFieldsOf(WholeAgentDto, given);
    return { endpoint, settings, key: new Secret(key) };
  }
}
