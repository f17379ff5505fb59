import type { Words } from '../words.js';

export const session: Words['session'] = {
  title: '登录',
  intro: '本控制台供运维人员使用，请用运维令牌登录。',
  introOidc: '本控制台供运维人员使用，请用公司账号登录。',
  signInWith: (provider) => `使用 ${provider} 登录`,
  orToken: '或者用运维令牌登录：',
  notSignedIn: '尚未登录。',
  oidcProblem: '登录时出错，请重试，或用令牌登录。',
  oidcProblems: {
    AUTH_OIDC_OFF: '管理器没有启用 OIDC 登录，请用令牌登录。',
    AUTH_OIDC_UNREACHABLE: '公司的登录服务目前没有响应，请稍后重试，或用令牌登录。原因见管理器的日志。',
    AUTH_OIDC_NOT_BEGUN: '登录用时超过 10 分钟、是在另一个浏览器中开始的，或者已经结束，请重新登录。',
    AUTH_OIDC_REFUSED: '公司的登录服务没有确认您的身份，请重新登录。原因见管理器的日志。',
    AUTH_OIDC_NO_ROLE:
      '公司的登录服务认识您，但您不在可以使用管理器的任何一个组里。请让管理员把您加入 OIDC_ADMIN_GROUPS 或 OIDC_READER_GROUPS 中的组。',
    AUTH_OIDC_TOO_MANY: '一分钟内来自您的地址的登录次数过多，请稍等一分钟。',
  },
  claimLookedAt: '作为依据的 claim：',
  token: '运维令牌',
  whereBefore: '令牌是您本人的令牌，或管理器配置项 ',
  whereAfter:
    ' 中的任意一个密钥（也可能在 AUTH_OPERATOR_TOKEN_FILE 指定的文件里），可向部署管理器的同事索取。',
  signIn: '登录',
  signingIn: '正在登录…',
  wrong: '令牌不正确。',
  signOut: '退出登录',
  signedOut: '已退出登录。',
  ended: '登录已失效。重新登录后会回到刚才的页面。',
  endedWhy: '登录有效期为 12 小时，用公司账号登录时为 8 小时；更换运维令牌后，之前的登录也会失效。',
  roles: { reader: '只读', admin: '管理员' },
  isReader: '您的角色是只读，不能做任何修改。请让管理员来操作。',
};
