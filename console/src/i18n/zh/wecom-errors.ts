import type { Words } from '../words.js';

export const wecomErrors: Words['wecomErrors'] = {
  title: '企业微信错误',
  intro: '各副本启动以来，被企业微信拒绝的请求，包括本服务按企业微信的限制直接拒绝的。',
  table: '按错误码统计的拒绝次数',
  code: '错误码',
  operations: { gettoken: '获取 access_token', call: '通过代理调用接口' },
  count: '次数',
  last: '最近一次',
  what: '含义',
  remedy: '如何处理',
  calls: '24 小时内失败的调用',
  noCalls: '没有。',
  api: '接口',
  hours: '每小时次数',
  perHour: (counts) => `最近 24 小时，每小时次数，由早到晚：${counts}`,
  faults: { unreachable: '企业微信没有响应', status: 'HTTP 错误', other: '该企业未单独统计的调用' },
  nothing: '没有被拒绝的请求',
  nothingText: '各副本启动以来，就其所知，所有凭证都已成功获取，所有接口调用都已成功。',
  unknown: '未单独统计的错误码，或企业微信文档中没有的应答',
  unknownRemedy: '请在调用方日志中找到 errcode，再到此处查询：',
  lookUp: 'open.work.weixin.qq.com/devtool/query?e=错误码',
};
