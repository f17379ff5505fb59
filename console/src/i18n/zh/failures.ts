import type { Words } from '../words.js';

export const failures: Words['failures'] = {
  endpoint: {
    what: '机器人的地址无法使用',
    remedy:
      '请在管理服务的 PUPPET_ENDPOINT_ALLOW 中放行该地址，或修正地址：在此添加的机器人修改其 URL；puppet 修改 PUPPET_WXKF_SELF_ENDPOINT 并重启，使其重新注册。',
  },
  saturated: {
    what: '发往该地址的并发投递过多',
    remedy: '机器人应答太慢，跟不上事件量。请为它增加 CPU，或把客服账号分散到更多机器人上。',
  },
  withdrawn: {
    what: '未能及时获得空闲连接',
    remedy: '偶尔出现无需处理；频繁出现说明机器人应答太慢，请为它增加 CPU。',
  },
  connect: {
    what: '管理服务连不上机器人的地址',
    remedy: '请检查：机器人是否在运行？从管理服务所在主机看，域名、端口、防火墙、容器网络是否正确？',
  },
  reset: {
    what: '机器人应答之前连接中断',
    remedy: '请查看机器人日志，它可能崩溃或重启了；如中间有代理，请检查代理的超时设置。',
  },
  timeout: {
    what: '机器人没有及时应答',
    remedy: '机器人卡住或过于繁忙。机器人应当先应答，再处理消息。在此添加的机器人可以修改单次投递最长时间。',
  },
  status: {
    what: '机器人返回了错误',
    remedy:
      '请查看机器人日志。404：地址中的路径不对；500：多半是企业 ID、Token 或账号 ID 与本服务已知的不一致；3xx、401、403：前面有代理或网关拦截。',
  },
  unregistered: {
    what: '没有机器人接收该客服账号',
    remedy: '请在“机器人”页为它添加机器人，或用该账号 ID 启动一个指向本服务的 puppet，之后会立即投递。',
  },
  offline: {
    what: '机器人已下线',
    remedy: '请重新启动机器人，注册后会立即投递。',
  },
  circuit: {
    what: '机器人地址持续失败，已熔断，仅发送探测',
    remedy: '请修复机器人或网络。恢复后 30 秒内会自动投递，无需手动操作。',
  },
  registering: {
    what: '机器人正在注册',
    remedy: '无需处理，注册完成后会立即投递。',
  },
  late: {
    what: '机器人还未应答，就已到回复企业微信的时限',
    remedy: '一般无需处理：事件已先行保存。频繁出现说明机器人应答太慢。',
  },
  overloaded: {
    what: '管理服务同时进行的投递过多',
    remedy: '短暂出现无需处理；持续出现请增加副本，或排查应答缓慢的机器人。',
  },
  expired: {
    what: '3 天内没有机器人接收',
    remedy: '企业微信只保留 3 天的消息。请修复机器人后重新投递，它会拉取仍然可用的消息。',
  },
};
