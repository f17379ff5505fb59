/**
 * How a bot and people share the customers of its accounts: `session` of a bot that takes messages. It has one shape in requests,
 * answers, exported files and the store. Lengths are WeCom's (developer.work.weixin.qq.com/document/path/94677 and 95122).
 */
import { applyDecorators } from '@nestjs/common';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsInt,
  IsOptional,
  IsTimeZone,
  Matches,
  Max,
  Min,
  type ValidationOptions,
} from 'class-validator';
import { rule } from '../../http/answers/field-rules.js';
import { AreNested, IsNested, knownFieldsOf } from '../../http/answers/validation.js';

export const TEXT_BYTES_MAX = 2_048;
const MENU_TEXT_BYTES_MAX = 1_024;
const CHOICE_BYTES_MAX = 128;
const CHOICES_MAX = 10;
const LIST_MAX = 50;
const SERVICERS_MAX = 100;
const SERVICER_BYTES_MAX = 64;
const SPANS_MAX = 50;
const MERGE_S_MAX = 10;

/** A text that is not blank, of so many bytes in UTF-8. */
export function IsText(bytesMax: number): PropertyDecorator {
  return rule('isText', (value) => textFault(value, bytesMax));
}

function textFault(value: unknown, bytesMax: number): string | null {
  const isGood = typeof value === 'string' && value.trim() !== '' && Buffer.byteLength(value) <= bytesMax;
  return isGood ? null : `be a text of 1 to ${bytesMax} bytes in UTF-8`;
}

/** 1 to `countMax` different texts of so many bytes. */
function IsTexts(countMax: number, bytesMax: number): PropertyDecorator {
  return rule('isTexts', (value) => textsFault(value, countMax, bytesMax));
}

function textsFault(value: unknown, countMax: number, bytesMax: number): string | null {
  const texts = Array.isArray(value) ? value : [];
  const areTexts = texts.every((text) => textFault(text, bytesMax) === null);
  const isGood = areTexts && texts.length >= 1 && texts.length <= countMax;
  return isGood && new Set(texts).size === texts.length
    ? null
    : `be a list of 1 to ${countMax} different texts of 1 to ${bytesMax} bytes each`;
}

/** The field, or the other one, is given: never both. */
function IsInsteadOf(other: string): PropertyDecorator {
  return rule('isInsteadOf', (value, object) => {
    const isOther = object[other] !== undefined;
    if (value === undefined) return isOther ? null : `be given, or ${other} in its place`;
    return isOther ? `not be given together with ${other}` : null;
  });
}

/** The field is given without the other one. */
function IsWithout(other: string): PropertyDecorator {
  return rule('isWithout', (_value, object) =>
    object[other] == null ? null : `not be given together with ${other}`,
  );
}

/** One line of a menu: a choice that the customer makes, or a link. */
export class MenuChoice {
  /**
   * What the customer reads: at most 128 bytes in UTF-8.
   * @example "Talk to a person"
   */
  @IsText(CHOICE_BYTES_MAX)
  readonly text!: string;

  /**
   * Comes back as `menu_id` of the text that the customer's choice sends: at most 128 bytes. Without it and without `url`, the
   * choice sends its text alone.
   * @example "people"
   */
  @IsOptional()
  @IsText(CHOICE_BYTES_MAX)
  readonly id?: string;

  /**
   * Makes the line a link, which sends nothing.
   * @example "https://example.com/help"
   */
  @IsOptional()
  @IsWithout('id')
  @Matches(/^https?:\/\/[\x21-\x7e]{1,2000}$/, { message: 'url must be a URL of http or https' })
  readonly url?: string;
}

/** A menu, as WeCom shows it. */
export class SessionMenu {
  /**
   * Stands above the choices: at most 1,024 bytes in UTF-8.
   * @example "How can we help?"
   */
  @IsOptional()
  @IsText(MENU_TEXT_BYTES_MAX)
  readonly head?: string;

  /** 1 to 10 choices. */
  @IsNestedList(MenuChoice, CHOICES_MAX)
  readonly choices!: MenuChoice[];

  /**
   * Stands below the choices: at most 1,024 bytes in UTF-8.
   * @example "Or just write."
   */
  @IsOptional()
  @IsText(MENU_TEXT_BYTES_MAX)
  readonly tail?: string;
}

/** What the manager sends a customer: a text or a menu. */
export class SessionOffer {
  /**
   * A text of at most 2,048 bytes in UTF-8.
   * @example "Hello! How can we help?"
   */
  @IsInsteadOf('menu')
  @IsTextIfGiven()
  readonly text?: string;

  /** A menu. */
  @IsOptional()
  @IsNested(SessionMenu)
  readonly menu?: SessionMenu;
}

function IsTextIfGiven(): PropertyDecorator {
  return rule('isTextIfGiven', (value) => (value === undefined ? null : textFault(value, TEXT_BYTES_MAX)));
}

/** How a customer gets to people. */
export class PeopleSettings {
  /**
   * A customer's text that is one of these hands over. Case and blanks around it do not matter.
   * @example ["人工", "agent"]
   */
  @IsOptional()
  @IsTexts(LIST_MAX, CHOICE_BYTES_MAX)
  readonly keywords?: string[];

  /**
   * A choice of a menu with one of these ids hands over.
   * @example ["people"]
   */
  @IsOptional()
  @IsTexts(LIST_MAX, CHOICE_BYTES_MAX)
  readonly menuIds?: string[];

  /**
   * Where customers go: `pool`, from which any servicer takes them, or `servicers`, ids of members who serve the account: in turn,
   * those who are serving now.
   * @example "pool"
   */
  @IsDestination()
  readonly to!: 'pool' | { readonly servicers: string[] };

  /**
   * Is sent to a customer who goes to people.
   * @example "One moment, a colleague will be with you."
   */
  @IsOptional()
  @IsText(TEXT_BYTES_MAX)
  readonly waiting?: string;

  /**
   * Is sent when no servicer is serving, or none takes the customer. The bot goes on. An agent with `handOverMark` needs it.
   * @example "All colleagues are away right now."
   */
  @IsOptional()
  @IsText(TEXT_BYTES_MAX)
  readonly nobody?: string;
}

/** Hours of some days of the week. */
export class OpenSpan {
  /**
   * Days of the week on which it begins: 1 is Monday, 7 is Sunday.
   * @example [1, 2, 3, 4, 5]
   */
  @IsDays()
  readonly days!: number[];

  /** @example "09:00" */
  @Matches(/^([01]\d|2[0-3]):[0-5]\d$/, { message: 'from must be a time of day such as 09:00' })
  readonly from!: string;

  /**
   * Where it is not later than `from`, it is a time of the next day.
   * @example "18:00"
   */
  @Matches(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, {
    message: 'to must be a time of day such as 18:00 or 24:00',
  })
  readonly to!: string;
}

/** When people serve. */
export class ServiceHours {
  /**
   * The time zone of the hours, by its name in the IANA database.
   * @example "Asia/Shanghai"
   */
  @IsTimeZone({ message: 'timeZone must be a name of the IANA time zone database, such as Asia/Shanghai' })
  readonly timeZone!: string;

  /** When people serve: 1 to 50 spans. */
  @IsNestedList(OpenSpan, SPANS_MAX)
  readonly open!: OpenSpan[];

  /**
   * Answers a customer who asks for people at another time. The bot goes on.
   * @example "We are back on weekdays from 9 to 18."
   */
  @IsText(TEXT_BYTES_MAX)
  readonly closed!: string;
}

const A_MERGE: ValidationOptions = {
  message: `mergeS must be a whole number of seconds from 1 to ${MERGE_S_MAX}`,
};

/** How a bot and people share customers. Every field may be left out: the bot is silent while people have a customer. */
export class SessionSettings {
  /** Is sent to a customer who enters, whether the bot is up or not. */
  @IsOptional()
  @IsNested(SessionOffer)
  readonly welcome?: SessionOffer;

  /** How customers get to people. Left out: only by calls of the bot, or in WeCom. */
  @IsOptional()
  @IsNested(PeopleSettings)
  readonly people?: PeopleSettings;

  /** When people serve. Left out: always. */
  @IsOptional()
  @IsNested(ServiceHours)
  readonly hours?: ServiceHours;

  /** Is sent to a customer whose session with people ends. */
  @IsOptional()
  @IsNested(SessionOffer)
  readonly ended?: SessionOffer;

  /**
   * Texts that a customer writes within so many seconds of each other reach the bot as one. 1 to 10. Left out: each reaches it
   * alone.
   * @example 3
   */
  @IsOptional()
  @IsInt(A_MERGE)
  @Min(1, A_MERGE)
  @Max(MERGE_S_MAX, A_MERGE)
  readonly mergeS?: number;
}

/** The known fields of a session that is valid, in an order that is always the same. */
export function readSession(given: SessionSettings): SessionSettings {
  const { welcome, people, hours, ended, mergeS } = knownFieldsOf(SessionSettings, given);
  return {
    ...(welcome && { welcome: readOffer(welcome) }),
    ...(people && { people: readPeople(people) }),
    ...(hours && { hours: readHours(hours) }),
    ...(ended && { ended: readOffer(ended) }),
    ...(mergeS !== undefined && { mergeS }),
  };
}

function readOffer(given: SessionOffer): SessionOffer {
  const { text, menu } = knownFieldsOf(SessionOffer, given);
  if (menu === undefined) return text === undefined ? {} : { text };
  const { head, choices, tail } = knownFieldsOf(SessionMenu, menu);
  return {
    menu: {
      ...(head !== undefined && { head }),
      choices: choices.map((choice) => ({ ...knownFieldsOf(MenuChoice, choice) })),
      ...(tail !== undefined && { tail }),
    },
  };
}

function readPeople(given: PeopleSettings): PeopleSettings {
  const { to, ...same } = knownFieldsOf(PeopleSettings, given);
  return { ...same, to: to === 'pool' ? to : { servicers: to.servicers } };
}

function readHours(given: ServiceHours): ServiceHours {
  const { open, ...same } = knownFieldsOf(ServiceHours, given);
  return { ...same, open: open.map((span) => ({ ...knownFieldsOf(OpenSpan, span) })) };
}

function IsNestedList(dto: new () => object, countMax: number): PropertyDecorator {
  const message = ({ property }: { property: string }) => `${property} must be a list of 1 to ${countMax}`;
  return applyDecorators(
    IsArray({ message }),
    ArrayMinSize(1, { message }),
    ArrayMaxSize(countMax, { message }),
    AreNested(dto),
  );
}

function IsDestination(): PropertyDecorator {
  const faultOf = (value: unknown): string | null => {
    if (value === 'pool') return null;
    const { servicers }: { servicers?: unknown } = typeof value === 'object' && value !== null ? value : {};
    const fault = textsFault(servicers, SERVICERS_MAX, SERVICER_BYTES_MAX);
    return fault === null ? null : `be "pool", or an object with servicers, which must ${fault}`;
  };
  return rule('isDestination', faultOf);
}

function IsDays(): PropertyDecorator {
  const message = ({ property }: { property: string }) =>
    `${property} must be a list of different days of the week from 1 (Monday) to 7 (Sunday)`;
  return applyDecorators(
    IsArray({ message }),
    ArrayMinSize(1, { message }),
    ArrayUnique({ message }),
    IsInt({ each: true, message }),
    Min(1, { each: true, message }),
    Max(7, { each: true, message }),
  );
}
