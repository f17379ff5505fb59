/** The words for each cause: Chinese for a group robot of WeCom, English for any other receiver. */
import type { Failure } from '../queue/failure.js';
import type { Cause } from '../insight/accounts/cause.js';

export type Language = 'en' | 'zh';

interface Said {
  readonly title: string;
  readonly text: string;
}

const OF_CALLS: ReadonlySet<Cause['code']> = new Set([
  'wecom_fails',
  'calls_unanswered',
  'replies_fail',
  'token_refused',
  'bot_calls_fail',
  'no_account',
]);

type Words = Readonly<Record<Cause['code'], (cause: Cause) => Said>>;

/** Characters that places and reasons must not have: these come from outside, and could be markup or mention somebody. */
const UNSAID = /[^\w.:/[\]-]/g;

export function wordsOf(cause: Cause, language: Language): Said {
  return WORDS[language][cause.code](cause);
}

const plain = (text: string): string => text.replaceAll(UNSAID, '?');

type InBoth = Readonly<Record<Language, string>>;

/** Where a delivery failed, or why none was tried. */
const STAGES: Readonly<Record<Failure['stage'], InBoth>> = {
  endpoint: { en: "the bot's address cannot be used", zh: '机器人的地址无法使用' },
  saturated: { en: 'the bot answers too slowly', zh: '机器人应答太慢' },
  withdrawn: { en: 'the bot answers too slowly', zh: '机器人应答太慢' },
  connect: { en: 'the bot cannot be reached', zh: '连不上机器人' },
  reset: { en: 'the connection breaks', zh: '连接中断' },
  timeout: { en: 'the bot does not answer in time', zh: '机器人没有及时应答' },
  status: { en: 'the bot answers with an HTTP error', zh: '机器人返回 HTTP 错误' },
  pull: { en: 'messages cannot be pulled from WeCom', zh: '无法从企业微信拉取消息' },
  unpulled: { en: 'the bot does not pull its messages', zh: '机器人没有拉取消息' },
  too_long: { en: 'the bot does not read messages of this length', zh: '机器人不接收这么长的消息' },
  key: { en: "the agent's service refuses the key", zh: '智能体服务拒绝了密钥' },
  quota: { en: "the agent's quota at its service is used up", zh: '智能体在其服务上的额度已用完' },
  busy: { en: "the agent's service takes no more questions now", zh: '智能体的服务暂时不再接收问题' },
  reply: { en: "WeCom does not take the agent's answers", zh: '企业微信没有接收智能体的回复' },
  oversized: { en: 'the message is longer than 2 MB', zh: '消息超过 2 MB' },
  unregistered: { en: 'no bot takes them', zh: '没有机器人接收' },
  offline: { en: 'the bot is away', zh: '机器人已下线' },
  elsewhere: { en: 'another replica has its connection', zh: '连接在另一个副本上' },
  paused: { en: 'the bot is paused', zh: '机器人已暂停' },
  circuit: { en: 'the bot fails and is only probed', zh: '机器人持续失败，仅发送探测' },
  registering: { en: 'the puppet is registering', zh: 'puppet 正在注册' },
  late: { en: 'the bot does not answer in time', zh: '机器人没有及时应答' },
  overloaded: { en: 'the manager has too much to do', zh: '管理器负载过高' },
  resync: { en: 'they wait their turn', zh: '正在排队等待' },
  expired: { en: 'no bot took it within 3 days', zh: '3 天内没有机器人接收' },
};

const ANSWERED: Readonly<Record<Language, (status: number) => string>> = {
  en: (status) => `the bot answers with HTTP error ${status}`,
  zh: (status) => `机器人返回 HTTP 错误 ${status}`,
};

/** Of a reply that WeCom took and could not send. */
const SEND_FAILED = /^fail_type:(\d+)$/;
/** Why calls to WeCom fail, unless it is an errcode. */
const CALLS: Readonly<Record<string, InBoth>> = {
  unreachable: { en: 'WeCom does not answer', zh: '企业微信没有响应' },
  status: { en: 'WeCom answers with an HTTP error', zh: '企业微信返回 HTTP 错误' },
};

function reasonOf({ code, why, status }: Cause, language: Language): string {
  const reason = why ?? '';
  // A cause that an earlier version noted has no status.
  if (typeof status === 'number') return ANSWERED[language](status);
  if (/^-?\d+$/.test(reason)) return `${language === 'zh' ? '错误码' : 'errcode'} ${reason}`;
  const failType = SEND_FAILED.exec(reason)?.[1];
  if (failType !== undefined) return `msg_send_fail ${failType}`;
  const known: Readonly<Record<string, InBoth>> = OF_CALLS.has(code) ? CALLS : STAGES;
  return known[reason]?.[language] ?? plain(reason);
}

/** The first place that is known. */
function placeOf({ address, openKfId, corpId }: Cause): string | null {
  const place = address ?? openKfId ?? corpId;
  return place === null ? null : plain(place);
}

function botOf({ botName, botId }: Cause): string | null {
  // One that an earlier version noted has no names.
  const name = botName ?? botId ?? '';
  return name === '' ? null : name.replaceAll(/[<>`*_[\]@\n]/g, '?');
}

const of = (cause: Cause): string => {
  const place = placeOf(cause);
  return place === null ? '' : ` of ${place}`;
};
/** The bot that an operator added; else the place. Its name is an operator's own text. */
const ofBot = (cause: Cause): string => {
  const bot = botOf(cause);
  return bot === null ? of(cause) : ` of ${bot}`;
};
const counted = ({ count }: Cause, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
const why = (cause: Cause): string => (cause.why === null ? '' : ` (${reasonOf(cause, 'en')})`);

/** What to do about 60020. A cause that an earlier version noted has no address. */
const toList = ({ unlistedAddress }: Cause): string =>
  unlistedAddress ? ` List ${plain(unlistedAddress)} at WeCom (企业可信IP).` : '';

/** Where callbacks are lost, and how to see it. */
const CALLBACK_CHECKS: InBoth = {
  en: 'Look at the certificate, the domain, nginx and the callback URL in WeCom. To try the address: npx wxkf-manager check --callback-url https://DOMAIN',
  zh: '请检查证书、域名、nginx 和企业微信中的回调 URL；可用 npx wxkf-manager check --callback-url https://DOMAIN 验证。',
};

const ENGLISH: Words = {
  not_ready: () => ({
    title: 'A replica takes no callbacks',
    text: 'It has not loaded its registry, or it is shutting down.',
  }),
  store_down: () => ({
    title: 'The store does not answer',
    text: 'Look after the database or the disk first: events that a bot does not take now are refused.',
  }),
  not_taken: () => ({
    title: 'Callbacks are neither delivered nor kept',
    text: 'WeCom repeats such a callback only a few times. Usually the store is slow or away, or more callbacks come in than can be handled.',
  }),
  wecom_fails: (cause) => ({
    title: wecomFails(cause),
    text: `Bots can neither read messages nor answer them.${toList(cause)}`,
  }),
  calls_unanswered: () => ({
    title: 'Over a fifth of the calls to WeCom get no answer',
    text: 'Check DNS, egress rules, HTTPS_PROXY and WECOM_API_URL.',
  }),
  callbacks_missing: (cause) => ({
    title: `WeCom's callbacks${of(cause)} do not arrive`,
    text: `${cause.lateMin ? `Messages come up to ${cause.lateMin} min late.` : 'None has come for hours in which many used to.'} ${CALLBACK_CHECKS.en}`,
  }),
  replies_fail: (cause) => ({
    title: `No reply of ${counted(cause, 'account')}${ofBot(cause)} goes out${why(cause)}`,
    text: `Answers of bots do not reach customers.${toList(cause)}`,
  }),
  token_refused: (cause) => ({
    title: `WeCom refuses the access token${ofBot(cause)}${why(cause)}`,
    text: 'Usually its corpSecret is wrong: it can neither read messages nor answer them.',
  }),
  silent: (cause) => ({
    title: `${counted(cause, 'account')}${ofBot(cause)} took messages, and no reply followed`,
    text: 'The bot answers, and sends nothing to the customer. Look into its log.',
  }),
  agent_fails: (cause) => ({
    title: `The service${ofBot(cause)} gives no answers${why(cause)}`,
    text: 'Customers of this agent wait, and messages that it refuses again and again are given up.',
  }),
  bot_calls_fail: (cause) => ({
    title: `WeCom refuses calls${ofBot(cause)}${why(cause)}`,
    text: 'The calls name no kf account, so it is not known whose customers they are about.',
  }),
  paused: (cause) => ({
    title: `${counted(cause, 'account waits', 'accounts wait')}${ofBot(cause)}, which is paused`,
    text: 'Nothing is sent until somebody resumes the bot.',
  }),
  dead: (cause) => ({
    title: `Events of ${counted(cause, 'account')}${of(cause)} are dead${why(cause)}`,
    text: 'They are not retried until you send them again, or the customer writes again.',
  }),
  dead_messages: (cause) => ({
    title: `${counted(cause, 'message')}${ofBot(cause)} ${cause.count === 1 ? 'is' : 'are'} dead${why(cause)}`,
    text: 'Their bots refused all attempts, or they are too long. Their contents are deleted after 3 days.',
  }),
  people_wait: (cause) => ({
    title: `${counted(cause, 'customer waits', 'customers wait')}${ofBot(cause)} for a person`,
    text: 'Nobody has taken them out of the pool. The bot is silent meanwhile.',
  }),
  waiting: (cause) => ({
    title: `Events of ${counted(cause, 'account')}${of(cause)} wait${why(cause)}`,
    text: 'They are retried automatically, and at once when the bot is back.',
  }),
  waiting_messages: (cause) => ({
    title: `${counted(cause, 'message')}${ofBot(cause)} ${cause.count === 1 ? 'waits' : 'wait'}${why(cause)}`,
    text: 'Their bots do not take messages now. They are retried automatically.',
  }),
  parked: (cause) => ({
    title: `${counted(cause, 'account has', 'accounts have')} no bot, and customers wrote${of(cause)}`,
    text: 'Start the puppet, or add a bot for the account.',
  }),
  no_account: (cause) => ({
    title: `${counted(cause, 'account')}${ofBot(cause)} ${cause.count === 1 ? 'is' : 'are'} unknown to WeCom${why(cause)}`,
    text: 'Deleted, or of another corp: customers cannot write there, and no reply goes out.',
  }),
  refused: (cause) => ({
    title: `Callbacks${of(cause)} are refused${why(cause)}`,
    text: 'They are not from WeCom, or they are signed with a Token and EncodingAESKey that are not known here.',
  }),
  circuits: (cause) => ({
    title: `Deliveries to ${placeOf(cause) ?? counted(cause, 'address', 'addresses')} fail`,
    text: 'It is probed until it is back.',
  }),
  replica_away: ({ replica }) => ({
    title: `Replica ${plain(replica ?? '')} is away`,
    text: 'It was killed, its host is down, or it does not reach the store. The other replicas serve customers.',
  }),
  unreadable: (cause) => ({
    title: `${counted(cause, 'record')} of what waits cannot be read`,
    text: 'Usually the key that sealed them is missing from SECRETS_KEY.',
  }),
  unknown: () => ({
    title: 'It is not known how many events wait',
    text: 'The store has not answered yet. Callbacks are taken meanwhile.',
  }),
};

function wecomFails(cause: Cause): string {
  if (cause.why === 'unreachable') return 'WeCom does not answer';
  if (cause.why === 'status') return 'WeCom answers calls with an HTTP error';
  return `WeCom refuses the calls of ${counted(cause, 'corp')}${why(cause)}`;
}

const zhOf = (cause: Cause): string => {
  const place = placeOf(cause);
  return place === null ? '' : `${place} 的 `;
};
const zhOfBot = (cause: Cause): string => {
  const bot = botOf(cause);
  return bot === null ? zhOf(cause) : `机器人 ${bot} 的`;
};
const zhWhy = (cause: Cause): string => (cause.why === null ? '' : `（${reasonOf(cause, 'zh')}）`);

const zhToList = ({ unlistedAddress }: Cause): string =>
  unlistedAddress ? `请把 ${plain(unlistedAddress)} 加入“企业可信IP”。` : '';

const CHINESE: Words = {
  not_ready: () => ({ title: '有副本不接收回调', text: '注册信息尚未加载完成，或者正在停机。' }),
  store_down: () => ({
    title: '存储没有响应',
    text: '请优先恢复数据库或磁盘：机器人此时未接收的事件会被拒绝。',
  }),
  not_taken: () => ({
    title: '有回调既未投递也未保存',
    text: '企业微信只会重发几次。通常是存储响应缓慢或无法连接，或者回调超出了处理能力。',
  }),
  wecom_fails: (cause) => ({
    title: zhWecomFails(cause),
    text: `机器人既无法读取消息，也无法回复。${zhToList(cause)}`,
  }),
  calls_unanswered: () => ({
    title: '超过五分之一的企业微信接口调用没有得到响应',
    text: '请检查 DNS、出口规则、HTTPS_PROXY 和 WECOM_API_URL。',
  }),
  callbacks_missing: (cause) => ({
    title: `${zhOf(cause)}企业微信回调没有到达`,
    text: `${cause.lateMin ? `消息最多延迟 ${cause.lateMin} 分钟。` : '往常有许多回调的时段里，已数小时没有回调。'}${CALLBACK_CHECKS.zh}`,
  }),
  replies_fail: (cause) => ({
    title: `${zhOfBot(cause)}${cause.count} 个客服账号的回复发不出去${zhWhy(cause)}`,
    text: `机器人的回复没有到达客户。${zhToList(cause)}`,
  }),
  token_refused: (cause) => ({
    title: `企业微信拒绝了${zhOfBot(cause)}访问令牌${zhWhy(cause)}`,
    text: '通常是 corpSecret 有误：机器人既无法读取消息，也无法回复。',
  }),
  silent: (cause) => ({
    title: `${zhOfBot(cause)}${cause.count} 个客服账号收到了消息，却没有回复`,
    text: '机器人有应答，但没有向客户发送任何内容。请查看机器人的日志。',
  }),
  agent_fails: (cause) => ({
    title: `${zhOfBot(cause)}服务没有给出回答${zhWhy(cause)}`,
    text: '该智能体的客户在等待；被反复拒绝的消息会成为死信。',
  }),
  bot_calls_fail: (cause) => ({
    title: `企业微信拒绝了${zhOfBot(cause)}接口调用${zhWhy(cause)}`,
    text: '这些调用没有指明客服账号，因此不知道影响哪些客户。',
  }),
  paused: (cause) => ({
    title: `${zhOfBot(cause)}${cause.count} 个客服账号在等待：机器人已暂停`,
    text: '在有人恢复该机器人之前，不会发送任何内容。',
  }),
  dead: (cause) => ({
    title: `${zhOf(cause)}${cause.count} 个客服账号有死信${zhWhy(cause)}`,
    text: '死信不再自动重试，直到您重新投递，或客户再次发来消息。',
  }),
  dead_messages: (cause) => ({
    title: `${zhOfBot(cause)}${cause.count} 条消息成为死信${zhWhy(cause)}`,
    text: '机器人每次都拒绝了这些消息，或者消息过长；3 天后内容会被删除。',
  }),
  people_wait: (cause) => ({
    title: `${zhOfBot(cause)}${cause.count} 位客户在等待人工接待`,
    text: '接待池中还没有人接待他们，在此期间机器人不回复。',
  }),
  waiting: (cause) => ({
    title: `${zhOf(cause)}${cause.count} 个客服账号有事件待投递${zhWhy(cause)}`,
    text: '系统会自动重试；机器人恢复后立即投递。',
  }),
  waiting_messages: (cause) => ({
    title: `${zhOfBot(cause)}${cause.count} 条消息待投递${zhWhy(cause)}`,
    text: '对应的机器人目前没有接收消息，系统会自动重试。',
  }),
  parked: (cause) => ({
    title: `${zhOf(cause)}${cause.count} 个客服账号没有机器人，而客户已发来消息`,
    text: '请启动 puppet，或为该账号添加机器人。',
  }),
  no_account: (cause) => ({
    title: `${zhOfBot(cause)}${cause.count} 个客服账号在企业微信中不存在${zhWhy(cause)}`,
    text: '账号已被删除，或属于其他企业：客户无法向它发消息，回复也发不出去。',
  }),
  refused: (cause) => ({
    title: `${zhOf(cause)}回调被拒绝${zhWhy(cause)}`,
    text: '这些请求不是企业微信发出的，或者签名所用的 Token、EncodingAESKey 与管理器已知的不一致。',
  }),
  circuits: (cause) => ({
    title: `${placeOf(cause) ?? `${cause.count} 个机器人地址`} 投递失败`,
    text: '系统会持续探测，直到它恢复。',
  }),
  replica_away: ({ replica }) => ({
    title: `副本 ${plain(replica ?? '')} 失联`,
    text: '它可能被强行结束、所在主机宕机，或者连不上存储。客户由其他副本继续服务。',
  }),
  unreadable: (cause) => ({
    title: `${cause.count} 条待投递记录无法读取`,
    text: '通常是 SECRETS_KEY 中缺少当初加密它们的密钥。',
  }),
  unknown: () => ({ title: '待投递情况未知', text: '存储尚未返回结果，在此期间回调照常接收。' }),
};

function zhWecomFails(cause: Cause): string {
  if (cause.why === 'unreachable') return '企业微信接口没有响应';
  if (cause.why === 'status') return '企业微信接口返回 HTTP 错误';
  return `企业微信拒绝了 ${cause.count} 个企业的接口调用${zhWhy(cause)}`;
}

const WORDS: Readonly<Record<Language, Words>> = { en: ENGLISH, zh: CHINESE };
