import { Injectable } from '@nestjs/common';

/** How a request for an access token ended. */
export type TokenResult = 'memory' | 'store' | 'upstream' | 'refused' | 'invalid' | 'unreachable' | 'failed';

/** How a question for a token ended, whoever waits for it. */
export type QuestionResult = 'granted' | 'refused' | 'unreachable';

/** How a proxied call ended: with WeCom's answer, whatever it says, or where it failed. */
export type CallResult = 'answered' | 'limited' | 'refused' | 'unreachable' | 'broken' | 'aborted' | 'failed';

/** What went out to WeCom and what came of it, since the start. */
@Injectable()
export class WecomCounts {
  readonly #tokens: Record<TokenResult, number> = {
    memory: 0,
    store: 0,
    upstream: 0,
    refused: 0,
    invalid: 0,
    unreachable: 0,
    failed: 0,
  };
  readonly #questions: Record<QuestionResult, number> = { granted: 0, refused: 0, unreachable: 0 };
  readonly #calls: Record<CallResult, number> = {
    answered: 0,
    limited: 0,
    refused: 0,
    unreachable: 0,
    broken: 0,
    aborted: 0,
    failed: 0,
  };

  addToken(result: TokenResult): void {
    this.#tokens[result]++;
  }

  addQuestion(result: QuestionResult): void {
    this.#questions[result]++;
  }

  addCall(result: CallResult): void {
    this.#calls[result]++;
  }

  toJSON(): WecomCountsJson {
    return { tokens: { ...this.#tokens }, questions: { ...this.#questions }, calls: { ...this.#calls } };
  }
}

type WecomCountsJson = {
  readonly tokens: Readonly<Record<TokenResult, number>>;
  readonly questions: Readonly<Record<QuestionResult, number>>;
  readonly calls: Readonly<Record<CallResult, number>>;
};
