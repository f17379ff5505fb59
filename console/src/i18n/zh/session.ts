import type { Words } from '../words.js';

export const session: Words['session'] = {
  title: '登录',
  intro: '本控制台供运维人员使用，请用运维令牌登录。',
  token: '运维令牌',
  whereBefore: '令牌是您本人的令牌，或管理服务配置项 ',
  whereAfter:
    ' 中的任意一个密钥（也可能在 AUTH_OPERATOR_TOKEN_FILE 指定的文件里），可向部署该服务的同事索取。',
  signIn: '登录',
  signingIn: '正在登录…',
  wrong: '令牌不正确。',
  signOut: '退出登录',
  signedOut: '已退出登录。',
  ended: '登录已失效。重新登录后会回到刚才的页面。',
  endedWhy: '登录有效期为 12 小时；更换运维令牌后，之前的登录也会失效。',
  roles: { reader: '只读', admin: '管理员' },
  isReader: '您的角色是只读，不能做任何修改。请让管理员来操作。',
};
