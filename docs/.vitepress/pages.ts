/** What stands where in the sidebar. */
export interface SitePage {
  /** Below docs/, and below docs/zh/ of its Chinese page. */
  readonly path: string;
  readonly en: string;
  readonly zh: string;
}

export interface Group {
  readonly en: string;
  readonly zh: string;
  readonly pages: readonly SitePage[];
}

const page = (path: string, en: string, zh: string): SitePage => ({ path, en, zh });

/** For users, in both languages. */
export const GROUPS: readonly Group[] = [
  {
    en: 'Begin',
    zh: '入门',
    pages: [
      page('start', 'Start', '开始'),
      page('wecom-setup', 'WeCom set-up', '企业微信设置'),
      page('tls', 'TLS on one host', '单机启用 TLS'),
      page('console', 'Console', '控制台'),
      page('troubleshoot', 'Symptoms', '现象与处理'),
      page('limits', 'What it cannot do', '做不到的事'),
      page('glossary', 'Words', '术语'),
    ],
  },
  {
    en: 'Bots',
    zh: '机器人',
    pages: [
      page('bots', 'Bots', '机器人'),
      page('bots/langbot', 'LangBot', 'LangBot'),
      page('bots/astrbot', 'AstrBot', 'AstrBot'),
      page('bots/cowagent', 'CowAgent', 'CowAgent'),
      page('bots/openclaw', 'OpenClaw', 'OpenClaw'),
      page('bots/dify-on-wechat', 'dify-on-wechat', 'dify-on-wechat'),
      page('messages', 'Messages', '消息'),
      page('sessions', 'Sessions', '会话'),
      page('agents', 'Agents', '智能体'),
    ],
  },
  {
    en: 'Operate',
    zh: '运维',
    pages: [
      page('security', 'Security', '安全'),
      page('privacy', 'Privacy', '隐私'),
      page('observe', 'Observe', '监控'),
      page('operate', 'Operate', '运维'),
      page('kubernetes', 'Kubernetes', 'Kubernetes'),
      page('upgrade', 'Upgrade', '升级'),
    ],
  },
  {
    en: 'Reference',
    zh: '参考',
    pages: [
      page('reference/api', 'API', 'API'),
      page('reference/bots', 'Fields of a bot', '机器人的字段'),
      page('reference/configuration', 'Settings', '配置项'),
      page('reference/errors', 'Errors', '错误码'),
      page('reference/protocol', 'Protocol', '协议'),
      page('reference/cli', 'CLI', '命令行'),
      page('reference/wecom-api', "WeCom's API", '企业微信接口'),
      page('reference/delivery', 'Delivery', '投递'),
      page('reference/sdks', 'SDKs', 'SDK'),
      page('reference/security', 'Security rules', '安全规则'),
      page('reference/alerts', 'Alerts', '告警'),
      page('reference/metrics', 'Metrics', '指标'),
      page('reference/log-lines', 'Log lines', '日志行'),
      page('reference/traces', 'Traces', '链路追踪'),
    ],
  },
];

/** For contributors, in English alone. The config adds the decisions in internals/adr. */
export const INTERNALS: readonly (readonly [path: string, title: string])[] = [
  ['internals/callback-lifecycle', 'Lifecycle of a callback'],
  ['internals/faults', 'Faults'],
  ['internals/compat', 'Bot programs tried'],
  ['internals/overload', 'Overload'],
  ['internals/security-promises', 'Promises of security'],
  ['internals/releasing', 'Releasing'],
];

/** Links in the texts are written for GitHub, so that headings get its anchors. */
export const toAnchor = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-');
