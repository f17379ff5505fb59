/**
 * A bot as an operator wants it, whole: what was left out of a request is as it was, or as a new bot has it. Each kind has a class,
 * which refuses what a bot of that kind cannot have.
 */
import { IsNested, IsNestedBy, Refuses } from '../../http/answers/validation.js';
import { isShownUrl } from '../endpoint/endpoint.js';
import { WholeAgentDto } from './agent.dto.js';
import { BotCallbackDto, NewBotDto } from './bot.dto.js';
import type { BotForm, BotKind } from './bot-values.js';

/** A rule of a field that only others have. */
function only<T extends object>(field: keyof T & string, where: string) {
  return { [field]: (values: T) => (values[field] === undefined ? null : `${field} is ${where}`) };
}

function forMessages(field: 'order' | 'include' | 'since' | 'session') {
  const rule = ({ takes, [field]: value }: NewBotDto) => {
    const isGiven = Array.isArray(value) ? value.length > 0 : value != null;
    return takes === 'event' && isGiven
      ? `${field} is for bots that take messages; set takes to message`
      : null;
  };
  return { [field]: rule };
}

@Refuses<NewBotDto>({
  name: ({ name }) => (name === undefined ? 'name is missing' : null),
  openKfIds: ({ openKfIds }) => (openKfIds === undefined ? 'openKfIds is missing' : null),
  ...forMessages('order'),
  ...forMessages('include'),
  ...forMessages('since'),
  ...forMessages('session'),
  corpSecret: ({ takes, corpSecret }) =>
    takes === 'message' && corpSecret === undefined
      ? 'corpSecret is missing: the manager pulls with it for a bot that takes messages'
      : null,
})
class WholeBotDto extends NewBotDto {
  declare readonly name: string;
  declare readonly openKfIds: string[];
  declare readonly takes: NonNullable<NewBotDto['takes']>;
  declare readonly api: NonNullable<NewBotDto['api']>;
  declare readonly paused: boolean;
  declare readonly session: Exclude<NewBotDto['session'], undefined>;
}

/** At its own URL, in either form. */
@Refuses<BotCallbackDto>({
  url: ({ url }) => {
    if (url === undefined) return 'url is missing';
    // Answers show `***` instead of a query. A URL that is sent back like that would reach the program without its query.
    return isShownUrl(url)
      ? 'url must have its own query in place of ***, which only stands for a query that is not shown'
      : null;
  },
})
class AtUrlDto extends BotCallbackDto {
  declare readonly url: string;
  declare readonly form: BotForm;
  declare readonly timeoutMs: number;
}

function keysFault({ token, encodingAESKey }: BotCallbackDto): string | null {
  return token === undefined || encodingAESKey === undefined
    ? 'token and callback.encodingAESKey are missing, which form wecom needs'
    : null;
}

@Refuses<BotCallbackDto>({ token: keysFault })
class WecomCallbackDto extends AtUrlDto {
  declare readonly receiveId: string;
  declare readonly token: string;
  declare readonly encodingAESKey: string;
}

const OF_WECOM = "for form wecom: json is signed with the bot's signing secret";

@Refuses<BotCallbackDto>({
  ...only('token', OF_WECOM),
  ...only('encodingAESKey', OF_WECOM),
  ...only('receiveId', OF_WECOM),
})
class JsonCallbackDto extends AtUrlDto {}

const NO_STREAM = 'for bots of kind callback: a stream needs none';

@Refuses<BotCallbackDto>({
  ...only('url', NO_STREAM),
  ...only('headers', NO_STREAM),
  form: ({ form }) => (form === 'json' ? `form is ${NO_STREAM}` : null),
  token: keysFault,
})
class StreamCallbackDto extends BotCallbackDto {
  declare readonly receiveId: string;
  declare readonly timeoutMs: number;
  declare readonly token: string;
  declare readonly encodingAESKey: string;
}

const NO_CALLBACK = only<NewBotDto>('callback', 'for bots of kind callback or stream');
const NO_AGENT = only<NewBotDto>('agent', 'for bots of kind agent');

@Refuses<NewBotDto>({
  ...NO_AGENT,
  'callback.form': ({ takes, callback }) =>
    takes === 'event' && callback?.form === 'json'
      ? 'callback.form must be wecom for a bot that takes events; for json set takes to message'
      : null,
  api: ({ takes, callback, api }) =>
    takes === 'message' && callback?.form === 'wecom' && api !== 'manager'
      ? 'api must be manager for a bot that takes messages, since the manager answers its kf/sync_msg'
      : null,
})
export class CallbackBotDto extends WholeBotDto {
  declare readonly kind: 'callback';

  @IsNestedBy(({ form }: BotCallbackDto) => (form === 'json' ? JsonCallbackDto : WecomCallbackDto))
  override readonly callback!: AtUrlDto;
}

@Refuses<NewBotDto>(NO_AGENT)
export class StreamBotDto extends WholeBotDto {
  declare readonly kind: 'stream';

  @IsNested(StreamCallbackDto)
  override readonly callback!: StreamCallbackDto;
}

@Refuses<NewBotDto>({ ...NO_CALLBACK, ...NO_AGENT })
export class PuppetBotDto extends WholeBotDto {
  declare readonly kind: 'puppet';
}

/** People serve its accounts. */
@Refuses<NewBotDto>({
  ...NO_CALLBACK,
  ...NO_AGENT,
  takes: ({ takes }) =>
    takes === 'message' ? 'takes must be event for kind none, whose messages nobody takes' : null,
  paused: ({ paused }) =>
    paused === true ? 'paused must be false for kind none, whose events go to nobody' : null,
})
export class NoBotDto extends WholeBotDto {
  declare readonly kind: 'none';
}

@Refuses<NewBotDto>({
  ...NO_CALLBACK,
  takes: ({ takes }) =>
    takes === 'event' ? 'takes must be message for kind agent, whose service is asked about messages' : null,
  order: ({ takes, order }) =>
    takes === 'message' && order === 'account'
      ? 'order must be customer for kind agent: an answer may take long, and holds up its customer alone'
      : null,
  // The service promises people. What if nobody takes the customer has to be said as well.
  session: ({ agent, session }) =>
    agent?.handOverMark && session?.people?.nobody === undefined
      ? 'agent.handOverMark needs session.people.nobody, the text for a customer whom nobody takes; set it, or empty agent.handOverMark'
      : null,
})
export class AgentBotDto extends WholeBotDto {
  declare readonly kind: 'agent';

  @IsNested(WholeAgentDto)
  override readonly agent!: WholeAgentDto;
}

export type KindDto = CallbackBotDto | StreamBotDto | PuppetBotDto | NoBotDto | AgentBotDto;

export const KIND_DTOS: Readonly<Record<BotKind, new () => KindDto>> = {
  callback: CallbackBotDto,
  stream: StreamBotDto,
  puppet: PuppetBotDto,
  none: NoBotDto,
  agent: AgentBotDto,
};
