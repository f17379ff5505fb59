import type { Words } from '../words.js';

export const live: Words['live'] = {
  connecting: '正在连接…',
  open: (replica) => `正在接收副本 ${replica} 的实时数据`,
  lost: '连接已断开，正在重新连接…',
  outcome: '结果',
  time: '时间',
  attempt: (count) => `第 ${count.toLocaleString('zh-CN')} 次`,
  answer: '应答',
  took: '耗时',
  replica: '副本',
};
