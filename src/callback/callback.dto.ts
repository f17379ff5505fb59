import { validated } from '../http/validation.js';
import { IsOptional, Matches, MaxLength, registerDecorator } from '../kernel/class-validator.js';
import { ID_FORMAT } from '../kernel/wecom-format.js';
import { toSeconds } from './event.js';

const SIGNATURE = /^[0-9a-f]{40}$/;
const TIMESTAMP = /^\d{1,16}$/;
const NONCE = /^[\x21-\x7e]{1,128}$/;
const SYNC_TOKEN_LENGTH_MAX = 128;

const once = 'given once and ';
const signature = { message: `msg_signature must be ${once}40 lower-case hexadecimal digits` };
const timestamp = { message: `timestamp must be ${once}a number of seconds` };
const nonce = { message: `nonce must be ${once}1 to 128 printable characters` };

/** The query of a callback, as WeCom sends it. */
export class CallbackQueryDto {
  @Matches(SIGNATURE, signature)
  readonly msg_signature!: string;

  @Matches(TIMESTAMP, timestamp)
  readonly timestamp!: string;

  @Matches(NONCE, nonce)
  readonly nonce!: string;
}

/** The same with the text to be opened and answered, when the callback URL is saved in WeCom. */
export class VerificationQueryDto extends CallbackQueryDto {
  @Matches(/^[A-Za-z0-9+/]+={0,2}$/, { message: `echostr must be ${once}base64, percent-encoded` })
  readonly echostr!: string;
}

/** Body of `POST /callback/decrypted/:corpId`. */
export class DecryptedEventDto {
  /** The sync token of the event, not a callback token. */
  @IsOptional()
  @MaxLength(SYNC_TOKEN_LENGTH_MAX, {
    message: `token must be the sync token of the event, at most ${SYNC_TOKEN_LENGTH_MAX} characters`,
  })
  readonly token: string = '';

  @Matches(ID_FORMAT.pattern, { message: `openKfId must be ${ID_FORMAT.expected}` })
  readonly openKfId!: string;

  /** Of the event, as WeCom gave it. */
  @IsOptional()
  @IsCreateTime()
  readonly createTime: number | string | null = null;
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
 * Checks by hand, since this is every callback's way; class-validator would halve its speed and so
 * only explains what was wrong.
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
 * A proxy that decodes once too often leaves a blank where base64 has `+`; base64 knows no blank, so
 * it can only have been that.
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
