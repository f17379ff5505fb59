import type { TroubleWords } from '../words.js';

const n = (count: number) => count.toLocaleString('zh-CN');
const accounts = (count: number) => `${n(count)} 个账号`;
const events = (count: number) => `${n(count)} 个事件`;
const messages = (count: number) => `${n(count)} 条消息`;
const callbacks = (count: number) => `${n(count)} 个/分钟`;
const calls = (count: number) => `${n(count)} 次调用`;
const none = () => '';

export const causes: TroubleWords['causes'] = {
  byCode: {
    not_ready: { what: '暂不接收回调', remedy: '注册信息尚未加载完成，或者正在停机。', amount: none },
    store_down: {
      what: '没有响应',
      remedy:
        '请优先恢复数据库或磁盘。正常的机器人仍能收到事件；机器人未接收的事件会被拒绝，而企业微信只会重发几次。',
      amount: none,
    },
    disk_full: {
      what: '已满：剩余不足 16 MB',
      remedy: '请清理空间，之后会自动恢复。在此之前，接收消息的机器人收不到消息。消息在企业微信保留 3 天。',
      amount: none,
    },
    disk_low: {
      what: '即将写满：剩余不足 256 MB',
      remedy: '请清理空间，之后会自动恢复。在此之前不拉取消息。消息在企业微信保留 3 天。',
      amount: none,
    },
    not_taken: {
      what: '有回调既未投递也未保存',
      remedy:
        '通常是存储响应缓慢或无法连接，或者回调超出了本副本的处理能力，具体原因见管理器的日志。已向企业微信返回 5xx，企业微信只会重发几次。',
      amount: callbacks,
    },
    wecom_fails: {
      what: '企业微信拒绝接口调用',
      remedy: '事件仍能送达机器人，但机器人既无法读取消息，也无法回复。',
      amount: (count) => `${n(count)} 个企业`,
    },
    calls_unanswered: {
      what: '接口调用得不到响应',
      remedy:
        '最近一分钟有超过五分之一的调用没有得到响应。请检查 DNS、出口规则、HTTPS_PROXY 和 WECOM_API_URL。',
      amount: calls,
    },
    callbacks_missing: {
      what: '企业微信的回调没有到达',
      remedy:
        '请检查证书、域名、nginx 和企业微信中的回调 URL。从外部验证：npx wxkf-manager check --callback-url https://<您的域名>',
      amount: none,
    },
    replies_fail: { what: '回复发不出去', remedy: '机器人的回复没有到达客户。', amount: accounts },
    silent: {
      what: '接收了消息但没有回复',
      remedy:
        '机器人接收了客户的消息，但没有及时回复。请查看机器人自己的日志：它的模型可能无法连接或额度用尽，也可能忽略了这个账号。',
      amount: accounts,
    },
    customers_unanswered: {
      what: '有客户未收到回复',
      remedy:
        '这些客户在最近一小时内发来消息，没有收到任何回复，而其他客户得到了回复。请查看机器人自己的日志：它可能在处理这些客户的内容时出错，或者漏掉了较晚到来的客户。',
      amount: (count) => `${n(count)} 位客户`,
    },
    token_refused: {
      what: '企业微信不接受它的 Secret',
      remedy: '请从企业微信管理后台复制应用的 Secret，填入机器人，然后重启机器人。',
      amount: none,
    },
    agent_fails: {
      what: '没有从其服务得到回答',
      remedy: '该智能体的客户在等待。请检查其服务：密钥、额度和应答时间。',
      amount: none,
    },
    bot_calls_fail: {
      what: '企业微信拒绝它的调用',
      remedy: '这些调用没有指明账号，详见“企业微信错误”页面。',
      amount: calls,
    },
    paused: {
      what: '已暂停',
      remedy: '暂停期间不向它投递，所有内容都在等待。恢复后立即投递。',
      amount: events,
    },
    dead: {
      what: '有死信事件',
      remedy: '死信不再自动重试，直到您重新投递、机器人重新注册，或客户再次发来消息。',
      amount: accounts,
    },
    dead_messages: {
      what: '有死信消息',
      remedy:
        '机器人每次都拒绝了这些消息，或者消息过长。它们不再自动重试，直到您重新投递；3 天后内容会被删除。',
      amount: messages,
    },
    waiting: { what: '没有接收事件', remedy: '系统会自动重试；机器人恢复后立即投递。', amount: accounts },
    waiting_messages: {
      what: '没有接收消息',
      remedy: '系统会自动重试，并保持每个账号的消息顺序。',
      amount: messages,
    },
    people_wait: {
      what: '有客户在等待人工接待',
      remedy:
        '需要有人在企业微信的接待池中接待他们；已有接待人员的客户，需要该人员回复。在此期间机器人不回复。',
      amount: (count) => `${n(count)} 位客户`,
    },
    parked: {
      what: '客户已发来消息，但没有机器人接收',
      remedy: '请为该账号添加机器人，或者启动使用该账号并指向本管理器的 puppet，等待的内容随即投递。',
      amount: accounts,
    },
    no_account: {
      what: '在企业微信中不存在',
      remedy: '客户无法向它发消息，机器人的回复也发不出去。',
      amount: accounts,
    },
    refused: {
      what: '有回调被拒绝',
      remedy:
        '这些请求不是企业微信发出的，或者签名所用的 Token、EncodingAESKey 与管理器已知的不一致。投递日志中列出了原因。',
      amount: callbacks,
    },
    circuits: {
      what: '无法连接',
      remedy: '机器人是否在运行？从管理器所在主机看，它的地址是否正确：主机名、端口、防火墙、容器网络？',
      amount: (count) => `${n(count)} 个地址`,
    },
    replica_away: {
      what: '失联：已超过 2 分钟没有写入',
      remedy:
        '它没有正常停止：可能被强行结束、所在主机宕机，或者连不上数据库。客户由其他副本继续服务。请查看它的主机和日志，并重新启动它。如果是您移除了它，则无需处理：最后一次写入 15 分钟后此项消失。',
      amount: none,
    },
    unreadable: {
      what: '有记录无法读取',
      remedy: '通常是 SECRETS_KEY 中缺少当初加密它们的密钥。',
      amount: (count) => `${n(count)} 条记录`,
    },
    unknown: { what: '尚未返回待投递的情况', remedy: '在此期间回调照常接收。', amount: none },
  },
  wecomUnreachable: '企业微信没有响应',
  wecomStatus: '企业微信返回 HTTP 错误',
  late: (minutes) => `消息最多延迟 ${n(minutes)} 分钟`,
  silent: '往常回调很多的时段里，已数小时没有回调',
  unlisted: (address) => `${address} 不在“企业可信IP”中`,
  replica: '本副本',
  store: '存储',
  disk: 'DATA_DIR 所在的磁盘',
  wecom: '企业微信',
  outbox: '投递队列',
  several: (names, count) => names.join('、') + (count > names.length ? ` 等 ${n(count)} 个` : ''),
  what: (what, detail) => (detail === null ? what : `${what}：${detail}`),
  title: (subject, what) => `${subject}：${what}`,
  httpError: (status) => `机器人返回了 HTTP 错误 ${status}`,
};
