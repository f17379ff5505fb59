import {
  ArrayMaxSize,
  IsArray,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from '../kernel/class-validator.js';
import { mustBe } from '../registry/registration/register.dto.js';
import { CLIENT_ID_FORMAT, type EventFrame } from './frames.js';

const ACKS_MAX = 1_000;
const EVENT_ID_LENGTH_MAX = 128;
const WAIT_S = { default: 25, max: 60 } as const;

const ACKS = `a list of at most ${ACKS_MAX} ids of events`;
const A_WAIT = { message: `waitS must be a whole number of seconds from 0 to ${WAIT_S.max}` };

/** Body of `POST /puppetWxkfManager/events`. */
export class EventsDto {
  /**
   * Names the client: the same for as long as it runs, and another one for each that runs at the same time.
   * @example laptop-1
   */
  @Matches(CLIENT_ID_FORMAT.pattern, mustBe(CLIENT_ID_FORMAT.expected))
  readonly clientId!: string;

  /**
   * The ids of events that it has taken.
   * @example ["msg_5f2c"]
   */
  @IsOptional()
  @IsArray(mustBe(ACKS))
  @ArrayMaxSize(ACKS_MAX, mustBe(ACKS))
  @IsString({ each: true, ...mustBe(ACKS) })
  @MaxLength(EVENT_ID_LENGTH_MAX, { each: true, ...mustBe(ACKS) })
  readonly ack?: string[];

  /**
   * The ids of events that it refuses. What it can only not take now it leaves out of both.
   * @example []
   */
  @IsOptional()
  @IsArray(mustBe(ACKS))
  @ArrayMaxSize(ACKS_MAX, mustBe(ACKS))
  @IsString({ each: true, ...mustBe(ACKS) })
  @MaxLength(EVENT_ID_LENGTH_MAX, { each: true, ...mustBe(ACKS) })
  readonly nack?: string[];

  /**
   * How long to wait for events, seconds.
   * @example 25
   */
  @IsOptional()
  @IsInt(A_WAIT)
  @Min(0, A_WAIT)
  @Max(WAIT_S.max, A_WAIT)
  readonly waitS: number = WAIT_S.default;
}

/** An event, or a message, as a frame of the stream has it. */
export class EventAnswer {
  /** @example event */
  readonly type!: 'event';

  /**
   * The same for all attempts; to be acknowledged.
   * @example Ql_PNMOFPdvf26_DB08Oz1JY-bEAXPLAn1TqjpYiby0
   */
  readonly id!: string;

  /**
   * Counted from 1.
   * @example 1
   */
  readonly attempt!: number;

  /** @example wkAAA */
  readonly openKfId!: string;

  /** @example wx5823bf96d3bd56c7 */
  readonly corpId!: string;

  /**
   * How long ago WeCom sent it, milliseconds.
   * @example 12
   */
  readonly ageMs!: number;

  /**
   * WeCom's sync token; of an event alone.
   * @example ENC8b3nCJeDfDqB7cf3dFpAoGMuvTbvqiYLyVvU2dCKPxE
   */
  readonly token?: string;

  /** WeCom's entry as `kf/sync_msg` gives it; of a message alone. */
  readonly message?: Record<string, unknown>;
}

export class EventsAnswer {
  readonly events!: EventAnswer[];
}

export function toEventsAnswer(events: readonly EventFrame[]): EventsAnswer {
  return { events: events as unknown as EventAnswer[] };
}
