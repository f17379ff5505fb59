import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import {
  type OnAccepted,
  SecretCheck,
  type SecretQuestion,
  type SecretVerdict,
} from '../../registry/puppets/secret-check.js';
import { isSecretError } from '../client/wecom-answer.js';
import { AccessTokens } from './access-tokens.js';
import type { TokenOutcome } from './token-request.js';

const UNREACHABLE_PAUSE_S = 10;

/** Checks whether a corp has a secret by asking WeCom for an access token: WeCom gives one, or says why not. */
@Injectable()
export class TokenSecretCheck extends SecretCheck {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async check(question: SecretQuestion, limitMs: number): Promise<SecretVerdict> {
    // Only puppets register.
    const caller = { role: 'puppet', ip: question.from } as const;
    const verdict = this.tokens.check({ ...question, caller }).then(toVerdict, toUnknown);
    if (await this.clock.within(limitMs, verdict)) return verdict;
    return { unknown: 'WeCom did not answer in time', retryAfterS: UNREACHABLE_PAUSE_S };
  }

  override onAccepted(listen: OnAccepted): void {
    this.tokens.onGrant(({ corpId, secretId }) => listen(corpId, secretId));
  }
}

function toVerdict(outcome: TokenOutcome): SecretVerdict {
  if ('token' in outcome) return 'accepted';
  const { refusal, retryAfterS } = outcome;
  return isSecretError(refusal.errcode)
    ? 'refused'
    : { unknown: `WeCom answered ${refusal.errcode}`, retryAfterS };
}

function toUnknown(error: unknown): SecretVerdict {
  const reason = error instanceof AppError ? (error.detail ?? error.code) : 'it failed';
  return { unknown: reason, retryAfterS: UNREACHABLE_PAUSE_S };
}
