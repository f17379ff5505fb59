import { IsOptional, IsString, Matches } from 'class-validator';
import { expected } from '../../http/answers/field-rules.js';
import { IsNested } from '../../http/answers/validation.js';
import { AgentDto } from '../../registry/bots/agent.dto.js';
import type { QuestionResult } from '../../agents/reasons.js';

/** Body of `POST /api/v1/agents/test`. */
export class AgentTestDto {
  /**
   * A bot of kind agent: what `agent` leaves out is as that bot has it, its key too.
   * @example 7d793037-a076-4186-9b0d-1c5e6a0f4a4c
   */
  @IsOptional()
  @IsString(expected('the id of a bot'))
  readonly botId?: string;

  /** The service, as a bot of kind agent has it. */
  @IsOptional()
  @IsNested(AgentDto)
  readonly agent?: AgentDto;

  /**
   * What the service is asked.
   * @example "Hello, who are you?"
   */
  @Matches(/^[\s\S]{1,2000}$/, expected('a text of 1 to 2,000 characters'))
  readonly question!: string;
}

/** What the service said to a test. */
export class AgentTestedAnswer {
  /** @example true */
  readonly answered!: boolean;

  /**
   * answered, or why not. key, quota, busy, absent, unpublished, conversation, filtered, empty and refused: the service says so.
   * connect, reset, timeout, saturated and withdrawn: no whole answer came.
   * @example answered
   */
  readonly result!: QuestionResult;

  /**
   * What a customer would be sent, in parts; an empty list when there is no answer.
   * @example ["I am the assistant of Example Ltd."]
   */
  readonly parts!: string[];

  /**
   * How long the service took, milliseconds.
   * @example 1840.5
   */
  readonly durationMs!: number;

  /** The tokens that the service named; null when it named none. */
  readonly tokens!: number | null;

  /** Why there is no answer, and the remedy; null when there is one. */
  readonly fault!: string | null;
}
