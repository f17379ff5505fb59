import type { Words } from '../words.js';

export const audit: Words['audit'] = {
  title: '审计',
  intro: '运维人员做过的修改，以及登录和退出。保存 90 天。',
  table: '运维人员的操作，最新的在前',
  operator: '运维人员',
  since: '起始时间',
  when: '时间',
  who: '操作人',
  what: '操作',
  address: '来源地址',
  answer: '应答',
  nobody: '登录失败',
  hungUp: '对方已断开',
  nothing: '没有操作记录',
  nothingText: '没有符合条件的操作。',
};
