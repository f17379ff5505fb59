/** The programs that are tried, as their users install them, and what is known of each. */

export interface Program {
  readonly name: string;
  /** By which it is called on the command line, and at PyPI where it comes from there. */
  readonly package: string;
  /** Of the package, or the beginning of the commit. */
  readonly version: string;
  /** `null`: PyPI has it. */
  readonly repository: Repository | null;
  /** In `lab/compat/drivers`: starts the program or its adapter, with a model that echoes. */
  readonly driver: string;
  /** Where it takes callbacks. */
  readonly path: string;
  /** Whether it takes an account's first event as the end of what it does not answer. */
  readonly skipsFirst: boolean;
}

/** A program that its users clone, and for which they install what it needs. */
export interface Repository {
  /** At GitHub. */
  readonly owner: string;
  readonly name: string;
  readonly commit: string;
  /** What pip, or npm, is given in a folder of the repository. */
  readonly requirements: readonly string[];
  /** Of a program for Node; `null`: it runs on Python. */
  readonly bundle: Bundle | null;
}

/** One file of a program for Node, and what it imports. */
export interface Bundle {
  readonly entry: string;
  readonly file: string;
  /** Packages of the same repository, and where they begin. */
  readonly workspaces: Readonly<Record<string, string>>;
}

/** How a program reaches WeCom's API, and who calls it. */
export interface Reach {
  /** For the table. */
  readonly name: string;
  /** One word, by which bots are told apart. */
  readonly label: string;
  /** `direct`: no manager, WeCom calls the program's own URL. */
  readonly by: 'direct' | 'manager';
  /** As the manager is told. */
  readonly api: 'manager' | 'tunnel' | 'direct';
  /** What the manager gives it. */
  readonly takes: 'event' | 'message';
  /** What it gets as its API base; `null`: it keeps its default, WeCom's own host. */
  readonly apiBase: ((managerUrl: string, key: string) => string) | null;
  /** Through which proxy it reaches WeCom's own host, where it does. */
  readonly proxy: 'none' | 'internet' | 'tunnel';
}

/** Of messages: none of them, some of them, either; or only those that were under way when something was killed. */
export type Share = 'none' | 'some' | 'any' | 'under way';

export interface Expected {
  readonly lost: Share;
  readonly twice: Share;
}

/** A program in one way of reaching WeCom, and what is expected of it with restarts and without. */
export interface Seat {
  readonly program: Program;
  readonly reach: Reach;
  readonly calm: Expected;
  readonly restarted: Expected;
}

const LANGBOT: Program = {
  name: 'LangBot',
  package: 'langbot',
  version: '4.11.2',
  repository: null,
  driver: 'langbot_bot.py',
  path: '/bots/7f0c2d9e',
  skipsFirst: false,
};

/** The newest that runs on Python 3.11. */
const ASTRBOT: Program = {
  name: 'AstrBot',
  package: 'astrbot',
  version: '4.14.6',
  repository: null,
  driver: 'astrbot_bot.py',
  path: '/callback/command',
  skipsFirst: false,
};

const COWAGENT: Program = {
  name: 'CowAgent',
  package: 'cowagent',
  version: 'f0783b11',
  repository: {
    owner: 'zhayujie',
    name: 'CowAgent',
    commit: 'f0783b117b793d7dc597e2a3d467ee2e4193fba8',
    requirements: ['-r', 'requirements.txt'],
    bundle: null,
  },
  driver: 'cowagent_bot.py',
  path: '/wxkf/',
  skipsFirst: true,
};

const DIFY_ON_WECHAT: Program = {
  name: 'dify-on-wechat',
  package: 'dify-on-wechat',
  version: '4685a7d8',
  repository: {
    owner: 'hanfangyuan4396',
    name: 'dify-on-wechat',
    commit: '4685a7d89aa6881c14459037bc1d1564f84a9224',
    // Of requirements-optional.txt what this channel imports; the rest is for other channels, models and voices.
    requirements: ['-r', 'requirements.txt', 'wechatpy', 'web.py', 'pydub'],
    bundle: null,
  },
  driver: 'dify_on_wechat_bot.py',
  path: '/wxcomapp',
  skipsFirst: false,
};

const OPENCLAW_CHINA: Program = {
  name: 'openclaw-china wecom-kf',
  package: 'openclaw-china',
  version: '4d6fd547',
  repository: {
    owner: 'BytePioneer-AI',
    name: 'openclaw-china',
    commit: '4d6fd547798695f931ace3cb876863317eb1439d',
    requirements: ['@clack/prompts@1'],
    // As its own build, tsup, makes it.
    bundle: {
      entry: 'extensions/wecom-kf/index.ts',
      file: 'extensions/wecom-kf/dist/index.js',
      workspaces: { '@openclaw-china/shared': 'packages/shared/src/index.ts' },
    },
  },
  driver: 'openclaw_china_bot.js',
  path: '/wecom-kf',
  skipsFirst: false,
};

export const PROGRAMS = [LANGBOT, ASTRBOT, COWAGENT, DIFY_ON_WECHAT, OPENCLAW_CHINA];

const DIRECT: Reach = {
  name: 'direct',
  label: 'direct',
  by: 'direct',
  api: 'direct',
  takes: 'event',
  apiBase: null,
  proxy: 'internet',
};
/** The key in the path, for a program that takes a base with `/cgi-bin` at its end. */
const BASE: Reach = {
  name: 'base',
  label: 'base',
  by: 'manager',
  api: 'manager',
  takes: 'event',
  apiBase: (url, key) => `${url}/bot/${key}/cgi-bin`,
  proxy: 'none',
};
/** For a program that adds `/cgi-bin` itself. */
const BASE_OF_HOST: Reach = { ...BASE, apiBase: (url, key) => `${url}/bot/${key}` };
/** The key as the base's password: AstrBot adds `/cgi-bin` itself. */
const BASE_BY_PASSWORD = (url: string, key: string) => url.replace('://', `://bot:${key}@`);
const BASE_AND_OWN_TOKEN: Reach = {
  name: 'base; fetches its access token from WeCom itself',
  label: 'own-token',
  by: 'manager',
  api: 'manager',
  takes: 'event',
  apiBase: BASE_BY_PASSWORD,
  proxy: 'internet',
};
const BASE_AND_TUNNEL: Reach = {
  name: 'base, and tunnel for its access token',
  label: 'tunnel',
  by: 'manager',
  api: 'manager',
  takes: 'event',
  apiBase: BASE_BY_PASSWORD,
  proxy: 'tunnel',
};
/** All of it through the tunnel. */
const TUNNEL: Reach = {
  name: 'tunnel',
  label: 'tunnel-alone',
  by: 'manager',
  api: 'tunnel',
  takes: 'event',
  apiBase: null,
  proxy: 'tunnel',
};

/** For a program whose base is not fixed. */
const TUNNEL_ALONE: Reach = { ...TUNNEL, name: 'tunnel alone' };

const BASE_AND_MESSAGES: Reach = {
  ...BASE,
  name: 'base, taking messages',
  label: 'messages',
  takes: 'message',
};
const HOST_AND_MESSAGES: Reach = { ...BASE_AND_MESSAGES, apiBase: BASE_OF_HOST.apiBase };
const TUNNEL_AND_MESSAGES: Reach = {
  ...BASE_AND_TUNNEL,
  name: 'base and tunnel, taking messages',
  label: 'tunnel-messages',
  takes: 'message',
};

const NOTHING: Expected = { lost: 'none', twice: 'none' };
/**
 * It keeps its cursor in memory alone: after a restart it pulls three days again and answers what it finds. That spends
 * the five messages which WeCom allows until a customer writes again, so that new messages may get no answer.
 */
const REPEATS: Expected = { lost: 'any', twice: 'some' };
/** It looks at the last message of a page alone: what came while it was away is not looked for. */
const LOSES: Expected = { lost: 'some', twice: 'any' };

/** The manager keeps the cursor. What the bot has pulled and not answered yet is lost with it, or answered again. */
const ONCE: Expected = { lost: 'under way', twice: 'under way' };
/** It keeps its cursor in a file, and stores it before it answers what it has pulled. */
const KEEPS: Expected = { lost: 'under way', twice: 'none' };
/** It writes its file of cursors a moment after it has moved on, in which it answers. */
const WRITES_LATER: Expected = { lost: 'under way', twice: 'under way' };
/** With a cursor it pulls without a sync token, which WeCom allows ten times a minute. */
const STARVES: Expected = { lost: 'some', twice: 'none' };

export const SEATS: readonly Seat[] = [
  { program: LANGBOT, reach: DIRECT, calm: NOTHING, restarted: REPEATS },
  { program: LANGBOT, reach: BASE, calm: NOTHING, restarted: ONCE },
  { program: LANGBOT, reach: BASE_AND_MESSAGES, calm: NOTHING, restarted: ONCE },
  { program: ASTRBOT, reach: DIRECT, calm: NOTHING, restarted: LOSES },
  { program: ASTRBOT, reach: BASE_AND_OWN_TOKEN, calm: NOTHING, restarted: LOSES },
  { program: ASTRBOT, reach: BASE_AND_TUNNEL, calm: NOTHING, restarted: LOSES },
  { program: ASTRBOT, reach: TUNNEL_ALONE, calm: NOTHING, restarted: LOSES },
  { program: ASTRBOT, reach: TUNNEL_AND_MESSAGES, calm: NOTHING, restarted: ONCE },
  { program: COWAGENT, reach: DIRECT, calm: NOTHING, restarted: KEEPS },
  { program: COWAGENT, reach: TUNNEL, calm: NOTHING, restarted: KEEPS },
  { program: DIFY_ON_WECHAT, reach: DIRECT, calm: NOTHING, restarted: LOSES },
  { program: DIFY_ON_WECHAT, reach: TUNNEL, calm: NOTHING, restarted: LOSES },
  { program: OPENCLAW_CHINA, reach: DIRECT, calm: STARVES, restarted: STARVES },
  { program: OPENCLAW_CHINA, reach: BASE_OF_HOST, calm: NOTHING, restarted: WRITES_LATER },
  { program: OPENCLAW_CHINA, reach: HOST_AND_MESSAGES, calm: NOTHING, restarted: ONCE },
];
