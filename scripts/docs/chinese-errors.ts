/** The Chinese words of docs/zh/reference/errors.md. An error without its line here is a type error. */
import type { ErrorCode } from '../../src/kernel/error-table.js';
import type { ErrorsWords } from './errors-page.js';

const INTRODUCTION = `# 错误码

[English](../../reference/errors.md) | 简体中文

由 \`npm run generate\` 根据 \`src/kernel/error-table.ts\` 中的表生成。

请求没有成功时，应答会写明原因和该怎么办：

\`\`\`json
{ "code": 404, "message": "No puppet is registered for this kf account", "error": "REGISTRY_PUPPET_NOT_FOUND", "requestId": "…" }
\`\`\`

\`code\` 是 HTTP 状态码。\`error\` 保持稳定：错误码一经公布，含义不变。\`message\` 供人阅读，为英文，冒号之后可能有更多说明，例如哪个字段不正确。\`requestId\` 可用于在[日志](log-lines.md)中找到该请求。\`getToken\` 和接口代理采用企业微信的格式 \`{"errcode":404,"errmsg":"…"}\`，其中 \`errcode\` 为 HTTP 状态码；企业微信自己的拒绝随 HTTP 200 返回，带有它自己的 \`errcode\`（[wecom-api.md](wecom-api.md)）。

**重试**说明同一请求过一会儿原样重发，是否可能成功。应答带有 \`Retry-After\` 时请等待这么久；没有时从一秒开始，每次加倍。“否”表示须先有人作出修改。`;

const MESSAGES: Readonly<Record<ErrorCode, string>> = {
  REQUEST_INVALID: '请求不合法',
  REQUEST_BODY_NOT_JSON: '请求体必须是一个 JSON 对象',
  REQUEST_URL_INVALID: '无法解析 URL；请检查它的百分号编码和长度',
  REQUEST_MALFORMED: '不是格式正确的 HTTP 请求',
  REQUEST_TIMEOUT: '请求没有及时到齐；请立即完整地重新发送',
  REQUEST_BODY_TOO_LARGE: '请求体超过该路由允许的大小',
  REQUEST_BODIES_TOO_MANY: '正在读取的请求体（来自该地址的，或全部）占用内存过多；请重新发送',
  REQUEST_TYPE_UNSUPPORTED: '发送请求体时请带上请求头 Content-Type: application/json',
  REQUEST_HEADERS_TOO_LARGE: '请求头超过管理器允许的大小',
  ROUTE_NOT_FOUND: '没有这条路由；管理器的 /docs 页面列出全部路由',
  ROUTE_METHOD_NOT_ALLOWED: '该路由不支持这种请求方法',

  AUTH_MISSING:
    '该路由要求密钥，以 Authorization: Bearer <secret> 或作为 HTTP Basic 的密码发送；请发送管理器的一个密钥',
  AUTH_WRONG:
    '所发的凭据不是管理器的任何密钥；请把以 Bearer 或作为 HTTP Basic 密码发送的内容，与管理器的配置核对',
  AUTH_ROLE_CLOSED: '该路由已关闭，因为可以调用它的角色都没有设置密钥；请在管理器中设置一个',
  AUTH_ROLE_FORBIDDEN: '所发凭据的角色不能调用该路由；请发送可以调用它的角色的密钥',
  AUTH_READER: '该运维人员的角色为 reader，只能查看，不能修改；请让 admin 来做，或申请角色 admin',
  AUTH_SESSION_ENDED: '会话已结束；请重新登录',
  AUTH_OIDC_OFF: '这里没有启用 OIDC 登录；请用令牌登录，或在管理器中设置 OIDC_ISSUER 及其相关的配置项',
  AUTH_OIDC_UNREACHABLE: '登录服务现在无法使用；请稍后再试，或用令牌登录。原因见管理器的日志',
  AUTH_OIDC_NOT_BEGUN: '这次登录不是从该浏览器开始的，或开始于 10 分钟以前，或已结束；请重新登录',
  AUTH_OIDC_TOO_MANY: '一分钟内有超过 30 次 OIDC 登录返回到该地址；请等一分钟，或用令牌登录',
  AUTH_OIDC_REFUSED: '登录服务没有确认这次登录，或确认的方式不符合要求；请重新登录。原因见管理器的日志',
  AUTH_OIDC_NO_ROLE:
    '登录服务认识您，但您不在可以使用该管理器的任何一个组中；请让登录服务的管理员把您加入，或在管理器中更正 OIDC_ADMIN_GROUPS、OIDC_READER_GROUPS 和 OIDC_GROUPS_CLAIM。冒号之后是所查看的 claim',
  AUTH_CROSS_SITE:
    '这个请求可能是其他网站的页面让浏览器发出的；请使用管理器自己的页面，或用程序发送，有密钥时以 Authorization: Bearer <secret> 发送',
  AUTH_TOO_MANY_FAILED: '一分钟内，该地址发送了过多凭据不正确的请求；凭据正确的请求仍会得到应答',
  AUTH_HOST_FOREIGN:
    '没有任何角色设置密钥期间，该路由只在用管理器自己的名称调用时应答；请用 localhost 或它的地址（例如 127.0.0.1）调用，或在管理器中把该名称写进 ALLOWED_HOSTS，或设置 AUTH_PUPPET_TOKEN 等密钥',

  CALLBACK_ENVELOPE_MALFORMED: '请求体必须是企业微信发送的 XML：一个 <xml> 元素，其中有一个 <Encrypt>',
  CALLBACK_EVENT_MALFORMED: '解密后的事件不是企业微信文档中的 XML',
  CALLBACK_FROM_MANAGER:
    '这是某个管理器发送的，不是企业微信：某个机器人的 URL 填成了管理器自己的回调 URL；请改为机器人程序的 URL',
  CALLBACK_ECHO_MALFORMED:
    '解密后的 echostr 不是 1 到 64 个字母和数字；回调须以 POST 发送，这里不会替任何人解密',
  CALLBACK_CORP_UNKNOWN:
    '没有该企业的 Token 和密钥；请注册它的 puppet，或在控制台、通过 POST /api/v1/apps 或在 WECOM_APPS_FILE 中添加它的应用',
  CALLBACK_SIGNATURE_MISMATCH:
    'msg_signature 与该企业的任何一个 Token 都不匹配；请核对企业微信中的 Token 与注册的是否一致',
  CALLBACK_RECEIVE_ID_MISMATCH: '事件是加密给另一个接收方的；如果它是您的，请把其 ID 写进应用的 receiveIds',
  CALLBACK_TIMESTAMP_OFF:
    'timestamp 与管理器时钟的差超过 CALLBACK_MAX_SKEW_S；请检查管理器的时钟，或调大该值',
  CALLBACK_TOO_MANY_REFUSED:
    '一分钟内，来自该地址的回调有过多被拒绝；不超过 16 kB 的正确回调仍会接收，其余的原因见日志',
  CALLBACK_KEYS_UNPROVEN:
    '用于该事件的回调密钥，只对注册它的那个账号有效，因为企业微信不认可与它一起注册的任何 corpSecret；请用该应用正确的 corpSecret 注册 puppet，或在控制台、通过 POST /api/v1/apps 或在 WECOM_APPS_FILE 中添加该应用',
  CALLBACK_KEYS_UNVERIFIED:
    '无法确认用于该事件的回调密钥是否对整个企业有效，因为暂时无法向企业微信询问其 corpSecret；请重新发送',
  CALLBACK_KEYS_SKIPPED:
    '试过的回调密钥都与签名不符，而且没有全部试完，因为该企业注册了过多未经企业微信认可的密钥；请重新发送。请在控制台、通过 POST /api/v1/apps 或在 WECOM_APPS_FILE 中添加应用，它的密钥总会尝试；并请运维人员移除不属于您的账号',
  CALLBACK_ACCOUNT_OF_OTHER_CORP: '该客服账号属于另一个企业',

  CIPHER_NOT_BASE64: '密文不是 base64',
  CIPHER_LENGTH_INVALID: '密文的长度不是 AES 分组的整数倍',
  CIPHER_PADDING_INVALID: '密文无法解密（填充）；请核对企业微信中的 EncodingAESKey 与注册的是否一致',
  CIPHER_MESSAGE_LENGTH_INVALID: '密文无法解密（消息长度）',
  CIPHER_NOT_UTF8: '密文无法解密（不是 UTF-8）',

  REGISTRY_PUPPET_NOT_FOUND: '该客服账号没有注册的 puppet',
  REGISTRY_ACCOUNT_OF_OTHER_CORP:
    '该客服账号已由另一个企业注册；请核对 kfId 和 corpId，或请运维人员移除那条注册',
  REGISTRY_SECRET_REFUSED:
    '该客服账号已用另一个 corpSecret 注册，而企业微信不认可这一个；请用正确的注册，或请运维人员移除那条注册',
  REGISTRY_SECRET_UNVERIFIED:
    '该客服账号已用另一个 corpSecret 注册，而暂时无法向企业微信确认这一个；此前的注册保持不变，请稍后再试',
  REGISTRY_TOO_MANY_UNPROVEN:
    '该地址注册了过多密钥，而企业微信没有认可它们的 corpSecret；此后只接受企业微信认可的 corpSecret。请更正 corpSecret，或等到可以向企业微信确认时再试',
  REGISTRY_FULL:
    '注册的客服账号已达到 ACCOUNTS_MAX，不再接受新账号；已注册的可以重新注册。请运维人员在控制台或通过 DELETE /api/v1/accounts/:openKfId 移除不再存在的账号，或在管理器中调大该值',
  REGISTRY_CORP_FULL:
    '该企业注册的客服账号已达到 ACCOUNTS_PER_CORP_MAX，不再接受新账号；已注册的可以重新注册。请运维人员在控制台或通过 DELETE /api/v1/accounts/:openKfId 移除不再存在的账号，或在管理器中调大该值',
  REGISTRY_NOT_LOADED: '注册信息尚未加载；请稍后再试',
  REGISTRY_CORP_NOT_FOUND: '该企业没有注册的 puppet，因此这里没有它的 Secret',
  REGISTRY_ACCOUNT_OF_BOT: '该账号归某个机器人，别人不能注册；请使用该机器人的密钥，或询问运维人员',

  ACCOUNT_NOT_FOUND: '该企业没有这个客服账号；GET /api/v1/accounts 列出全部账号',
  BOT_NOT_FOUND: '没有这个 ID 的机器人；GET /api/v1/bots 列出全部机器人',
  BOT_ACCOUNT_TAKEN: '该账号的事件归另一个机器人；请先从那个机器人移除该账号',
  BOT_CHANGED: '别人刚刚修改了该机器人；请重新查看，再修改一次',
  BOT_CLOSED:
    '该机器人的密钥信息在这里无法解密，修改会使其丢失；请把对应的加密密钥加入 SECRETS_KEY，或删除该机器人后重新添加',
  BOT_FORBIDDEN: '机器人的密钥不能用于此处；它只能用于机器人自己的账号，以及其企业的 kf 和 media 接口',
  BOT_UNVERIFIABLE: '只有类型为 callback、且密钥信息可以解密的机器人，才有可供验证的 URL',

  APP_NOT_FOUND: '没有这个 ID 的应用；GET /api/v1/apps 列出全部应用',
  APP_READ_ONLY: '该应用来自 WECOM_APPS_FILE，只在启动时读取；请从该文件中删除它，并重启管理器',
  APP_EXISTS:
    '该企业已有 token 和 encodingAESKey 相同的应用，回调可以用它解密；要修改它的名称或 receiveIds，请先删除它；如果它的 token 和密钥已丢失，请在添加新应用时两者都不填，再把生成的值保存到企业微信',

  BOTS_FULL: '已有 1,000 个机器人；请删除不需要的',
  NOTIFY_URL_UNSET: '没有设置通知对象：请设置 NOTIFY_URL，重启管理器，再次测试',
  OPERATOR_NOT_FOUND: '没有这个名字的运维人员；GET /api/v1/operators 列出全部运维人员',
  OPERATOR_EXISTS:
    '已有这个名字的运维人员；请换一个名字，或通过 POST /api/v1/operators/<name>/token 给他一个新令牌',
  OPERATORS_FULL: '已有 1,000 位运维人员；请移除不再需要的',
  APPS_FULL: '已有 1,000 个应用，不再保存新的；请删除不再使用的',

  DISPATCH_NOT_TAKEN: '事件既没有被该客服账号的机器人接收，也没能保存；请重新发送',
  DELIVERY_NOT_FOUND: '投递日志中没有这条记录；它可能已经过旧',

  WECOM_REFUSED: '企业微信拒绝了调用；npx wxkf-manager check 会说明如何处理它的 errcode',
  WECOM_UNREACHABLE: '连不上企业微信，或它没有及时应答',

  PROXY_PATH_INVALID:
    'wxkfRequestProxy/ 之后须为 /cgi-bin/ 下的接口路径，例如 kf/sync_msg：由斜杠隔开的字母、数字、"_" 和 "-"',
  PROXY_SECRET_AMBIGUOUS: '该企业有多个 Secret；请用 openKfId 说明调用用于它的哪个客服账号',
  PROXY_UNAUTHENTICATED:
    '管理器只为它认识的调用方添加 access_token；请发送 access_token，或设置 AUTH_PUPPET_TOKEN 并发送其密钥',
  PROXY_OVERLOADED: '该调用方和该企业正在进行或等待的调用过多；请稍后再试',

  TUNNELS_OFF: '管理器不转发隧道；请在管理器中设置 TUNNELS=true',
  TUNNELS_TOO_MANY: '一个机器人最多同时有 64 条隧道，每秒最多新开 30 条；请让它保持连接，或稍后再试',
  TUNNELS_ENDING: '该进程正在停止，不再打开隧道；请稍后再试',
  TUNNEL_KEY_MISSING:
    '隧道需要机器人的密钥，以 Proxy-Authorization: Bearer <key> 或作为 HTTP Basic 的密码发送；请设置 HTTPS_PROXY=http://bot:<key>@<manager>',
  TUNNEL_KEY_WRONG:
    'Proxy-Authorization 中没有机器人的密钥；请把所发的内容与添加机器人时显示的密钥核对，或生成新的密钥',
  TUNNEL_TARGET_FORBIDDEN:
    '隧道只通向 WECOM_API_URL 的主机和 443 端口；请让程序不经该代理调用其他主机（NO_PROXY）',
  TUNNEL_TO_ITSELF: '这条隧道会连回管理器自己；请在管理器中更正 HTTPS_PROXY 或 WECOM_API_URL',

  HINT_NOT_FOUND: '该客服账号没有待投递通知，也没有死信',
  HINT_CHANGED:
    '已不是所查看的那个事件：它已被接收或重新投递，或来了更新的事件，没有丢弃任何内容；请重新查看',
  HINT_UNDELIVERABLE:
    '无法投递，因为其企业没有机器人以可用的地址接收该客服账号；请让它的 puppet 注册，或把该账号列给某个机器人，随后即会投递',
  HINTS_REPLAY_UNDER_WAY: '该进程已在逐条重新投递死信（待投递通知）；请等它完成后再试',

  MESSAGE_NOT_FOUND: '该客服账号没有这条待投递或成为死信的消息；它已被接收或丢弃，或内容已不存在',
  MESSAGE_UNDELIVERABLE: '无法投递，因为没有机器人接收；请启动该客服账号的机器人，并让它的 puppet 注册',
  MESSAGES_REPLAY_UNDER_WAY: '该进程已在逐条重新投递成为死信的消息；请等它完成后再试',
  RESYNC_LIMITED:
    '一分钟内，该企业的机器人因测试而不带同步凭证拉取已达三次，或总共已达六次，而企业微信只应答十次这样的拉取；请稍后再试',

  STREAM_UPGRADE_REQUIRED: '流是 WebSocket；请发送 Upgrade: websocket。中间的代理须转发这个升级请求',
  STREAM_ENDING: '该进程正在停止，不再接受客户端；请稍后重新连接',
  STREAM_CLIENTS_TOO_MANY: '该机器人与该进程已有 2,000 个连接；请关闭不需要的，并让每个客户端只保持一个连接',
  STREAM_READERS_TOO_MANY: '查看该进程实时投递的人已过多；请关闭一个，或稍后再试',

  OUTBOX_FULL:
    '该企业已有 10,000 个没有机器人接收的账号存有待投递通知，不再保存新账号的；请让机器人接收它们，或检查所发的 openKfId',
  OVERLOADED: '到来的回调超出该进程现在的处理能力；请重新发送',
  STORE_UNAVAILABLE: '存储没有应答；请稍后再试',
  INTERNAL: '管理器内部出错；它的日志中有这个 requestId',
};

export const CHINESE_ERRORS: ErrorsWords = {
  introduction: INTRODUCTION,
  head: ['错误码', '状态码', '重试', '哪里有问题，该怎么办'],
  messageOf: (code) => MESSAGES[code],
  yes: '是',
  no: '否',
  others: '其他',
};
