import { IsOptional, Matches } from 'class-validator';
import { mustBe } from '../http/answers/field-rules.js';
import { ID_FORMAT } from '../kernel/wecom-format.js';
import { IsText, TEXT_BYTES_MAX } from '../registry/bots/session.dto.js';
import { CUSTOMER } from './session.js';

const A_CUSTOMER = mustBe('the external_userid of a customer, at most 128 characters');

/** Body of `POST /puppetWxkfManager/sessions/handOver`. */
export class HandOverDto {
  /**
   * An account of the bot, as in `open_kfid`.
   * @example wkAAA
   */
  @Matches(ID_FORMAT.pattern, mustBe(ID_FORMAT.expected))
  readonly openKfId!: string;

  /**
   * The customer, as in `external_userid`.
   * @example wmAAA
   */
  @Matches(CUSTOMER, A_CUSTOMER)
  readonly externalUserId!: string;

  /**
   * Is sent to the customer in place of `session.people.waiting`: at most 2,048 bytes in UTF-8.
   * @example "A colleague will answer this."
   */
  @IsOptional()
  @IsText(TEXT_BYTES_MAX)
  readonly text?: string;
}

/** What became of the customer. */
export class HandOverAnswer {
  readonly code!: 0;
  readonly message!: 'success';

  /**
   * moved: to the pool, or to a servicer. already: people had the customer. nobody: no servicer is serving. closed: outside of
   * the hours. With nobody and closed, the bot goes on.
   * @example moved
   */
  readonly outcome!: 'moved' | 'already' | 'nobody' | 'closed';
}
