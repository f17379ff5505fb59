import { SuccessAnswer } from '../http/answers/success-answer.dto.js';
import { validated } from '../http/answers/validation.js';
import { IsOptional, Matches, MaxLength, registerDecorator } from 'class-validator';
import { ID_FORMAT } from '../kernel/wecom-format.js';
import { toSeconds } from './opening.js';

const SIGNATURE = /^[0-9a-f]{40}$/;
const TIMESTAMP = /^\d{1,16}$/;
export const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const NONCE = /^[\x21-\x7e]{1,128}$/;
const SYNC_TOKEN_LENGTH_MAX = 128;

const once = 'given once and ';
const signature = { message: `msg_signature must be ${once}40 lower-case hexadecimal digits` };
const timestamp = { message: `timestamp must be ${once}a number of seconds` };
const nonce = { message: `nonce must be ${once}1 to 128 printable characters` };

/** The query of a callback, as WeCom sends it. */
export class CallbackQueryDto {
  /**
   * SHA-1 over the callback token, timestamp, nonce and the encrypted text.
   * @example 5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3
   */
  @Matches(SIGNATURE, signature)
  readonly msg_signature!: string;

  /**
   * Seconds since 1970. `CALLBACK_MAX_SKEW_S` limits how far it may be from the manager's time.
   * @example 1409659589
   */
  @Matches(TIMESTAMP, timestamp)
  readonly timestamp!: string;

  /**
   * Chosen by WeCom.
   * @example 263014780
   */
  @Matches(NONCE, nonce)
  readonly nonce!: string;
}

/**
 * The query of the request that WeCom sends when a callback URL is saved. It has the query of a callback, and a
 * text that the manager opens and answers.
 */
export class VerificationQueryDto extends CallbackQueryDto {
  /**
   * The encrypted text, in base64, percent-encoded.
   * @example P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==
   */
  @Matches(BASE64, { message: `echostr must be ${once}base64, percent-encoded` })
  readonly echostr!: string;
}

/** Body of `POST /callback/decrypted/:corpId`. */
export class DecryptedEventDto {
  /**
   * The sync token of the event. Without it the puppet is told to pull without a sync token.
   * @example ENC4dQ
   */
  @IsOptional()
  @MaxLength(SYNC_TOKEN_LENGTH_MAX, {
    message: `token must be the sync token of the event, at most ${SYNC_TOKEN_LENGTH_MAX} characters`,
  })
  readonly token: string = '';

  /**
   * The account that has something new.
   * @example wkAAA
   */
  @Matches(ID_FORMAT.pattern, { message: `openKfId must be ${ID_FORMAT.expected}` })
  readonly openKfId!: string;

  /**
   * The CreateTime of the event, in seconds since the epoch. It tells an older event from a newer one. A text of
   * digits, as in WeCom’s XML, is accepted too.
   * @example 1348831860
   */
  @IsOptional()
  @IsCreateTime()
  readonly createTime: number | string | null = null;
}

export class DeliveredAnswer extends SuccessAnswer {
  /**
   * delivered: the puppet or bot took it; pending: it is kept on disk and will be delivered, for 3 days; ignored: an operator
   * said that people serve the account.
   * @example delivered
   */
  readonly delivery!: 'delivered' | 'pending' | 'ignored';
}

/** Whole seconds, as a number or as the text that stands in WeCom's XML. */
function IsCreateTime(): PropertyDecorator {
  return (target, propertyName) => {
    registerDecorator({
      name: 'isCreateTime',
      target: target.constructor,
      propertyName: String(propertyName),
      validator: {
        validate: (value: unknown) => toSeconds(value) !== null,
        defaultMessage: () =>
          'createTime must be the CreateTime of the event, in whole seconds since the epoch',
      },
    });
  };
}

type Query = Readonly<Record<string, unknown>>;

/**
 * Checks by hand, since every callback passes here and class-validator would halve the speed. class-validator only
 * explains what is wrong with a bad query.
 * @throws AppError `REQUEST_INVALID`
 */
export function parseCallbackQuery(query: Query): CallbackQueryDto {
  const { msg_signature, timestamp, nonce } = query;
  if (
    typeof msg_signature === 'string' &&
    SIGNATURE.test(msg_signature) &&
    typeof timestamp === 'string' &&
    TIMESTAMP.test(timestamp) &&
    typeof nonce === 'string' &&
    NONCE.test(nonce)
  ) {
    return { msg_signature, timestamp, nonce };
  }
  return validated(CallbackQueryDto, query);
}

/**
 * Turns blanks back into `+`. A proxy that decodes the query twice turns each `+` of base64 into a
 * blank, and base64 itself has no blanks.
 * @throws AppError `REQUEST_INVALID`
 */
export function parseVerificationQuery(query: Query): VerificationQueryDto {
  return validated(VerificationQueryDto, {
    ...query,
    msg_signature: withPlus(query.msg_signature),
    echostr: withPlus(query.echostr),
  });
}

function withPlus(value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll(' ', '+') : value;
}
