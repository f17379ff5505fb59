/** The Chinese words of docs/zh/reference/configuration.md. A setting without its line here is a type error. */
import type { Settings } from '../../src/config/settings.js';
import type { ConfigurationWords } from './configuration-page.js';

const INTRODUCTION = `# 配置项

[English](../../reference/configuration.md) | 简体中文

由 \`npm run generate\` 根据 \`src/config/settings.ts\` 中的定义生成。

配置项是环境变量，或管理器启动时所在文件夹的 \`.env\` 文件中的行；两者都有时以环境变量为准。空值等于没有设置，即使文件中有这一行。全部错误一次列出，写明名称和应有的格式，管理器随后以退出码 1 结束；\`npx wxkf-manager check\` 可以事先检查。启动时，设置了什么会写入日志，其中的密钥隐去。

名称拼错也算错误：与某个配置项相差不超过两个字符（\`PORT\` 和 \`HOST\` 为一个字符）的，以及以 \`AUTH_\` 或 \`OIDC_\` 开头而不是配置项的。错误信息会指出正确的名称。Kubernetes 为 Service 生成的变量，以及其他程序的变量，例如 \`PORT0\` 和 \`FTP_PROXY\`，不受影响。`;

const OTHERS = `此外还有 OpenTelemetry 自己的变量，首先是 \`OTEL_EXPORTER_OTLP_ENDPOINT\`，全部列在 [traces.md](traces.md)。`;

const SECRETS = `## 从文件读取

每个密钥都可以改从文件读取，就像容器挂载的那样：加上 \`_FILE\` 的变量写明文件，文件内容首尾的空白和换行不算在内。两者只能设置一个。`;

const MEANINGS: Readonly<Record<keyof Settings, string>> = {
  port: 'HTTP 服务监听的端口',
  host: 'HTTP 服务监听的地址；容器镜像设为 `0.0.0.0`',
  mongoUri:
    '设置后，全部数据保存在 MongoDB 中，副本数量不限；不设置时使用 `DATA_DIR` 中的内嵌存储，只能有一个进程',
  dataDir: '内嵌存储的文件夹',
  accessTokenUrl:
    '从哪里获取 access_token：企业微信；路径不是 `/cgi-bin/gettoken` 时，为保管 access_token 的网关，其 `expires_in` 原样采用',
  wecomApiUrl: '接口代理调用的地址；只调用其中的 `/cgi-bin/`',
  httpsProxy:
    '正向代理：`ACCESS_TOKEN_URL`、`WECOM_API_URL`、`NOTIFY_URL`、`OIDC_ISSUER` 和智能体的服务的 `https://` 地址，通过它以 `CONNECT` 调用；puppet 总是直接调用。优先采用 `https_proxy`',
  httpProxy: '同上，用于 `http://` 地址，不用 `CONNECT`。优先采用 `http_proxy`',
  noProxy:
    '不经代理直接调用的主机，用逗号分隔：域名（包括其下所有域名）、地址、地址段，`*` 表示全部；本机的地址总是直接调用。优先采用 `no_proxy`',
  proxyBodyBytesMax: '接口代理转发的请求体的上限；超过时应答 413',
  tunnels:
    '`true`：接口地址写死的机器人程序，可以用机器人的密钥，以 `CONNECT` 经由管理器调用企业微信：`HTTPS_PROXY=http://bot:<key>@<manager>:7777`。隧道之内，管理器只能看到和限制字节数与时间',
  tunnelConnectTo: '仅供测试：隧道实际连到哪里，代替 `WECOM_API_URL` 的主机和 443 端口，例如本地的 TLS 服务',
  corpCallsPerMinute: '一个企业对一个接口每分钟的代理调用次数；超出的应答 45009，与企业微信自己的限制一样',
  corpCallsPerHour: '同上，每小时',
  ipCallsPerMinute: '所有企业对一个接口每分钟的代理调用次数；企业微信按来源地址统计',
  ipCallsPerHour: '同上，每小时',
  messagesAheadMax: '接收消息的机器人的一个账号，有这么多条消息待投递时暂停拉取；企业微信会保留消息 3 天',
  replyWithinS:
    '机器人接收后，多久之内必须有企业微信接受的回复；超过后该客服账号计为没有回复。机器人思考时间较长时请调大',
  peopleWaitAlarmS:
    '机器人设有 `session` 时，客户最多等待人工的第一条消息多久，无论在接待池中还是已有接待人员；超过后成为结论的一个原因',
  messageTries: '机器人拒绝一条消息多少次后，它成为死信',
  deliveryLogDays: '投递日志保存多久；0：不记录',
  deliveryLogBytesMax:
    '投递日志的大小上限，超出时先删除最旧的。在 `DATA_DIR` 中，磁盘剩余不足十分之一时也不再增长',
  tokenlessSyncsPerMinute:
    '一个企业每分钟不带同步凭证、或同步凭证未知的 `kf/sync_msg` 次数，包括管理器自己的；由其机器人轮流使用。一分钟内满十次，企业微信会停止应答一分钟',
  wecomApps:
    'JSON 列表 `[{"corpId","token","encodingAESKey","receiveIds"?,"name"?}]`：在任何 puppet 注册之前就已知的回调密钥，使企业微信可以先验证回调 URL',
  authPuppetTokens:
    'puppet 须发送其中一个密钥，多个用逗号分隔：每个至少 16 个字符，由字母、数字、`_` 和 `-` 组成，其中至少 5 个互不相同；更换密钥期间可以有多个',
  authGatewayTokens: '同上，用于网关；一个密钥不能用于两种角色',
  authOperatorTokens: '同上，用于运维人员',
  metricsTokens:
    '同上，用于读取 `GET /metrics`，别无他用；不设置时由运维人员读取，没有任何角色设置密钥期间则任何人都可以',
  publicUrl:
    '运维人员在浏览器中打开控制台的地址，例如 `https://wxkf.corp.example`：OIDC 登录后回到这里，通知中的链接也指向这里。它不会开放任何内容',
  oidcIssuer:
    '运维人员除令牌外还可以用来登录的 OpenID 登录服务，名称与它自己所写的一致；须与下面两项、`PUBLIC_URL` 和组一起设置，或者都不设置（[security.md](../security.md#通过-oidc-登录)）',
  oidcClientId: '管理器在登录服务中的 client id',
  oidcClientSecret: '它的 client secret，至少 16 个字符；更换后，通过 OIDC 打开的会话随之结束',
  oidcAdminGroups:
    '可以做任何操作的组，用逗号分隔，与 claim 中的写法完全一致；不在这些组、也不在下一项的组中的人会被拒绝',
  oidcReaderGroups: '同上，可以查看而不能修改任何内容的组',
  oidcGroupsClaim: '在 ID token 中说明一个人属于哪些组的 claim；ID token 中没有时取自 UserInfo',
  oidcScopes: '向登录服务请求哪些 scope；有些登录服务须其中有 `groups` 才给出组',
  allowOpen: '`true`：没有任何角色设置密钥时，也可以在回环地址以外的地址上启动，能访问它的人都可以做任何操作',
  allowedHosts:
    '没有任何角色设置密钥期间，除它的地址、`localhost` 和本机名称外，还可以用哪些主机名调用它，用逗号分隔，不带端口。企业微信的回调可以用任何名称',
  metricsCorpLabel:
    '`true`：在 `wxkf_corp_callbacks_total` 中还按企业统计回调，最先出现的 1,000 个企业各用自己的 ID',
  puppetEndpointAllow:
    '地址（endpoint）可以指向哪里，用逗号分隔：地址、地址段（`10.0.0.0/8`）和域名（`bots.example.com`；`*.bots.example.com` 表示其下所有域名）。列出的域名可以解析到任何地址，其他域名只能解析到列出的地址。不设置时不限。链路本地、组播、广播、未指定地址以及云平台的元数据地址，一律不允许',
  secretsKeys:
    '32 字节的 base64：corpSecret、token、encodingAESKey、access_token 和消息用它加密保存；更换期间用逗号分隔，第一个用于加密，全部可用于解密',
  trustedProxies:
    '前置代理的地址和 CIDR，用逗号分隔，它们的 `X-Forwarded-For` 说明调用方是谁；不设置时谁都不相信',
  connectionsMax: '同时打开的连接总数；再多的立即关闭',
  connectionsPerAddressMax: '同上，来自一个地址（IPv6 为一个 /64）的连接；`TRUST_PROXY` 中的地址可以更多',
  accountsMax: '同时注册的账号总数，无论是否在线；再多的以 409 `REGISTRY_FULL` 拒绝。每个占 2 到 5 kB 内存',
  accountsPerCorpMax:
    '同上，一个企业的账号，409 `REGISTRY_CORP_FULL`；企业微信允许一个企业有 5,000 个，而在企业微信中已删除的，在运维人员移除之前仍注册在这里',
  callbackSkewSMax: '回调的 `timestamp` 与本机时钟最多相差多少，无论早晚；0：不限，因为企业微信没有写明限制',
  callbackBodyBytesMax: '接收的回调请求体的上限，企业微信发送的不足 10 kB；超过时应答 413',
  bodiesBytesMax:
    '正在读取的全部请求体，以及流中等待的内容，总共可用多少内存；一个地址的请求体、一个机器人的流，各最多占其中八分之一。超出后，大于 16 kB 的请求体以 503 `REQUEST_BODIES_TOO_MANY` 和 `Retry-After` 拒绝',
  callbacksTriedMax:
    '同时正在投递给 puppet 的回调；达到后，发往已有 64 个在途的源（origin）的事件会立即保存，一秒后投递',
  callbacksUnderWayMax: '同时正在投递或保存的回调；再多的以 503 `OVERLOADED` 和 `Retry-After` 拒绝',
  drainDelayMs: '收到 SIGTERM 后，在负载均衡移除该进程期间，继续监听多久',
  drainTimeoutMs:
    '收到第一个信号后，进程最迟何时结束，并在此前 6 秒断开仍在等待的连接；须大于 `DRAIN_DELAY_MS`',
  notifyUrls:
    '有问题需要处理以及问题恢复时通知到哪里：企业微信群机器人的 webhook 地址，或任何接收 JSON `POST` 的 URL；多个用逗号分隔。不设置时不通知任何人',
  notifyAfterS: '问题持续多久才通知，消失多久才通知已恢复',
  notifyQuietHours:
    '例如 `23:00-07:00`：可以等待的问题在时段结束时通知，届时已恢复的不再通知；严重的问题随时通知',
  notifyTimeZone: '`NOTIFY_QUIET_HOURS` 以及群机器人消息中的时间所用的时区',
  logLevel: '写入日志的最低级别',
  logFormat: '`json` 供程序读取，`pretty` 供人阅读',
  logHealthyOneIn: '处理成功的日志行，每多少行写一行，其中带有 `oneIn`；保存、拒绝或失败的总是写入',
};

const UNITS: Readonly<Record<string, string>> = {
  port: '端口',
  address: '地址',
  path: '路径',
  hosts: '主机',
  bytes: '字节',
  flag: '开关',
  'host:port': '主机:端口',
  calls: '次',
  messages: '条',
  attempts: '次',
  days: '天',
  secret: '密钥',
  secrets: '密钥',
  id: 'ID',
  groups: '组',
  scopes: 'scope',
  claim: 'claim',
  names: '名称',
  name: '名称',
  list: '列表',
  keys: '加密密钥',
  addresses: '地址',
  connections: '个连接',
  'kf accounts': '个客服账号',
  callbacks: '个回调',
  s: '秒',
  ms: '毫秒',
  hours: '时段',
  level: '级别',
  format: '格式',
  lines: '行',
  URI: 'URI',
  URL: 'URL',
  URLs: 'URL',
};

/** By the English form, so that a changed one is missed here. */
const EXPECTED: Readonly<Record<string, string>> = {
  'an address or host name': '地址或主机名',
  'mongodb://… or mongodb+srv://… with a host': 'mongodb://… 或 mongodb+srv://…，含主机',
  'an http:// or https:// URL without user, query and fragment':
    'http:// 或 https:// URL，不含用户名、查询参数和片段',
  'an http:// or https:// URL without user, path, query and fragment':
    'http:// 或 https:// URL，不含用户名、路径、查询参数和片段',
  'a path': '路径',
  'an http:// or https:// URL such as http://user:password@proxy.example.com:3128, without path, query and fragment':
    'http:// 或 https:// URL，例如 http://user:password@proxy.example.com:3128，不含路径、查询参数和片段',
  'comma-separated names, addresses and ranges, each perhaps with a port, or *':
    '用逗号分隔的域名、地址和地址段，可带端口；或 *',
  'a host and a port, such as 127.0.0.1:8443': '主机和端口，例如 127.0.0.1:8443',
  'the path of a readable JSON list of apps': '可读取的应用列表（JSON）的路径',
  'comma-separated secrets of at least 16 letters, digits, _ and -, 5 different ones among them':
    '用逗号分隔的密钥，每个至少 16 个字符，由字母、数字、_ 和 - 组成，其中至少 5 个互不相同',
  'an https:// URL without user, query and fragment, as the provider names itself; http:// for this machine alone':
    'https:// URL，不含用户名、查询参数和片段，与登录服务自己所写的一致；仅本机可用 http://',
  'at most 256 visible ASCII characters': '至多 256 个可见的 ASCII 字符',
  '16 to 1,024 visible ASCII characters, 5 different ones among them':
    '16 到 1,024 个可见的 ASCII 字符，其中至少 5 个互不相同',
  'at most 100 names with commas between them, each of at most 256 characters':
    '至多 100 个名称，用逗号分隔，每个至多 256 个字符',
  'the name of a claim': 'claim 的名称',
  'scopes with spaces between them, openid among them': '用空格分隔的 scope，其中须有 openid',
  'comma-separated entries, each a host name like wxkf-manager or wxkf.example.com without scheme, port and path; an address needs no entry':
    '用逗号分隔的主机名，例如 wxkf-manager 或 wxkf.example.com，不含协议、端口和路径；地址不必列出',
  'comma-separated entries, each an address, a range like 10.0.0.0/8, or a host name like bots.example.com or *.bots.example.com without scheme, port and path':
    '用逗号分隔，每项为地址、地址段（例如 10.0.0.0/8）或主机名（例如 bots.example.com 或 *.bots.example.com），不含协议、端口和路径',
  'comma-separated keys, each base64 of exactly 32 bytes, as `openssl rand -base64 32` makes it':
    '用逗号分隔的加密密钥，每个恰为 32 字节的 base64，可用 `openssl rand -base64 32` 生成',
  'comma-separated entries, each an address or range, such as 10.0.0.7 or 10.0.0.0/8, but not the range of all addresses':
    '用逗号分隔的地址或地址段，例如 10.0.0.7 或 10.0.0.0/8，不能是表示所有人的地址段',
  'at most 10 URLs, with commas or spaces between them, each an http:// or https:// URL without user and fragment':
    '至多 10 个 URL，用逗号或空格分隔，每个为 http:// 或 https:// URL，不含用户名和片段',
  'two different times of day, such as 23:00-07:00': '一天中两个不同的时刻，例如 23:00-07:00',
  'a name of the IANA time zone database, such as Asia/Shanghai or UTC':
    'IANA 时区数据库中的名称，例如 Asia/Shanghai 或 UTC',
};

export const CHINESE_CONFIGURATION: ConfigurationWords = {
  introduction: INTRODUCTION,
  head: ['名称', '单位', '默认值', '密钥', '含义', '格式'],
  meaningOf: (key) => MEANINGS[key],
  unitOf: (unit) => wordFor(UNITS, unit),
  expectedOf: (expected) => {
    const [, min, max] = /^a whole number from (\d+) to (\d+)$/.exec(expected) ?? [];
    if (min !== undefined) return `${min} 到 ${max} 的整数`;
    const [, values] = /^one of (.+)$/.exec(expected) ?? [];
    return values === undefined ? wordFor(EXPECTED, expected) : `${values.replaceAll(', ', '、')} 之一`;
  },
  yes: '是',
  no: '否',
  unset: '未设置',
  twoDefaults: (always, whileOpen) => `${always}；没有任何角色设置密钥期间为 ${whileOpen}`,
  others: OTHERS,
  secrets: SECRETS,
  filesHead: ['名称', '含义'],
  fileWith: (name) => `含有 ${name} 的文件`,
};

function wordFor(words: Readonly<Record<string, string>>, english: string): string {
  const word = words[english];
  if (word === undefined)
    throw new Error(`scripts/docs/chinese-configuration.ts has no words for: ${english}`);
  return word;
}
