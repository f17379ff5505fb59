import { causes as said } from '../../../../../src/insight/words/zh/causes.js';
import type { Words } from '../words.js';

const n = (count: number) => count.toLocaleString('zh-CN');

export const causes: Words['causes'] = {
  ...said,
  severity: { bad: '未收到回复', wait: '警告' },
  head: {
    severity: '严重程度',
    subject: '对象',
    what: '问题',
    accounts: '客服账号',
    since: '开始时间',
    amount: '数量',
    action: '操作',
  },
  more: (count) => `再显示 ${n(count)} 个原因`,
  toAccount: '打开账号',
  toBot: '打开机器人',
  toAccounts: '客服账号',
  toApps: '应用',
  toWaiting: '查看待投递',
  toDead: '查看死信',
  toErrors: '企业微信错误',
  toRefused: '被拒绝的回调',
  addBot: '添加机器人',
  connectApp: '接入企业微信应用',
};
