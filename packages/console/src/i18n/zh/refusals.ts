import { reasons, unknown } from '../../../../../src/insight/words/zh/refusals.js';
import type { Words } from '../words.js';

export const refusals: Words['refusals'] = {
  tab: '被拒绝的回调',
  intro: '最近一天被拒绝的回调：原因、来源和处理办法。',
  table: '被拒绝的回调，按企业、原因和来源汇总，最近的在前',
  why: '原因',
  remedy: '处理办法',
  address: '来源地址',
  times: (count) => `${count.toLocaleString('zh-CN')} 次`,
  toRecords: '在日志中查看',
  count: '次数',
  last: '最近一次',
  noCorp: 'URL 中没有企业',
  nothing: '没有回调被拒绝',
  nothingText: '最近一天内，以投递日志所及为限。',
  notWhole: '数量过多，未全部统计：以下是最近 2,000 次。',
  reasons,
  unknown,
  called: (source, ago, what) => `企业微信（${source}）${ago}曾调用，但${what}。`,
};
