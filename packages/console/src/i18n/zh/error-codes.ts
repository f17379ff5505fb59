import type { Words } from '../words.js';
import { session } from './session.js';

/** What operators meet in the console; other codes are shown in the manager's own words alone. */
export const errorCodes: Words['errorCodes'] = {
  REQUEST_INVALID: '填写的内容不符合要求，具体字段见下文。',
  AUTH_READER: session.isReader,
  APP_EXISTS: '已有使用该 Token 和 EncodingAESKey 的应用；要修改名称或接收方，请先删除它。',
  APPS_FULL: '应用数量已达 1,000 个，请删除不再使用的应用。',
  APP_READ_ONLY: '该应用来自 WECOM_APPS_FILE，请从文件中删除后重启管理器。',
  APP_NOT_FOUND: '该应用已不存在。',
  BOT_ACCOUNT_TAKEN: '该账号已由另一个机器人接收，请先从那个机器人中移除。',
  BOTS_FULL: '机器人数量已达 1,000 个，请删除不再需要的机器人。',
  BOT_NOT_FOUND: '该机器人已不存在。',
  BOT_CHANGED: '其他人刚刚修改了该机器人，请查看最新内容后再改一次。',
  BOT_CLOSED: '该机器人的密钥信息无法解密；请把对应的密钥加入 SECRETS_KEY，或删除后重新添加。',
  BOT_UNVERIFIABLE: '只有密钥信息可解密的 callback 类机器人才有可验证的 URL。',
  HINT_NOT_FOUND: '该账号没有待投递的事件，也没有死信。',
  HINT_UNDELIVERABLE: '无法投递：该账号没有可用地址的机器人。请让机器人注册，或把账号交给一个机器人。',
  HINTS_REPLAY_UNDER_WAY: '正在重新投递全部死信，请等它完成后再试。',
  MESSAGE_NOT_FOUND: '该消息已被接收、丢弃，或内容已不存在。',
  MESSAGE_UNDELIVERABLE: '无法投递：没有机器人接收。请启动该账号的机器人。',
  MESSAGES_REPLAY_UNDER_WAY: '正在重新投递全部死信消息，请等它完成后再试。',
  REGISTRY_PUPPET_NOT_FOUND: '该客服账号没有注册。',
  REGISTRY_CORP_NOT_FOUND: '管理器还不知道该企业的 Secret：没有该企业的机器人注册过。',
  REGISTRY_NOT_LOADED: '管理器刚刚启动，尚未读完注册信息，请稍后再试。',
  STORE_UNAVAILABLE: '存储没有响应，请稍后再试。',
  WECOM_REFUSED: '企业微信拒绝了请求，错误码见下文；wxkf-manager check 会说明如何处理。',
  WECOM_UNREACHABLE: '连接不上企业微信，或它没有及时应答。',
  AUTH_ROLE_CLOSED: '没有设置运维人员的密钥（AUTH_OPERATOR_TOKEN），控制台不可用。',
  AUTH_TOO_MANY_FAILED: '一分钟内来自该地址的错误密钥过多；正确的密钥仍然有效。',
  STREAM_READERS_TOO_MANY: '同时查看实时投递的页面过多，请关闭一个或稍后再试。',
  INTERNAL: '管理器内部出错，请按请求编号查看日志。',
};
