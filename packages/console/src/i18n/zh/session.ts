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
  whereBefore: '令牌是您本人的令牌，或 ',
  whereAfter:
    ' 中的任意一个密钥：它在管理器的 .env 或环境变量中，也可能在 AUTH_OPERATOR_TOKEN_FILE 指定的文件里，可向部署管理器的同事索取。',
  signIn: '登录',
  signingIn: '正在登录…',
  problems: {
    AUTH_WRONG: {
      title: '令牌不正确',
      text: '请完整粘贴，不要带空格。如果令牌已更换，请向管理器的维护人员索取新的。',
    },
    AUTH_TOO_MANY_FAILED: {
      title: '错误的令牌过多',
      text: '一分钟内来自您的地址的错误令牌过多。正确的令牌现在仍然有效；或请等一分钟再试。',
    },
    AUTH_ROLE_CLOSED: {
      title: '控制台已关闭',
      text: '管理器没有设置运维人员的密钥。请维护人员设置 AUTH_OPERATOR_TOKEN。',
    },
    AUTH_CROSS_SITE: {
      title: '管理器认为此页面属于其他网站',
      text: '请使用代理以 Host 传递的地址，或管理器自己的地址打开控制台。',
    },
    STORE_UNAVAILABLE: {
      title: '暂时无法登录',
      text: '管理器的存储没有响应，无法查询您是谁。请稍后再试。',
    },
    UNREACHABLE: {
      title: '管理器没有响应',
      text: '它可能正在重启，或者浏览器与它之间的网络不通。请稍后再试。',
    },
  },
  otherProblem: {
    title: '未能登录',
    text: '登录时出错。请重试；管理器的维护人员可以在日志中查到原因。',
  },
  details: '给维护人员的详细信息',
  signOut: '退出登录',
  signedOut: '已退出登录。',
  interrupted: {
    ended: {
      title: '登录已失效。重新登录后会回到刚才的页面。',
      text: '登录有效期为 12 小时，用公司账号登录时为 8 小时；更换运维令牌后，之前的登录也会失效。',
    },
    first: {
      title: '管理器现在要求登录。登录后会回到刚才的页面。',
      text: '此前无需登录。刚刚添加了密钥或具名的运维人员。',
    },
  },
  roles: { reader: '只读', admin: '管理员' },
  isReader: '您的角色是只读，不能做任何修改。请让管理员来操作。',
};
