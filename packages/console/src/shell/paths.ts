/** Where each page is. Only this file spells addresses of pages. */

export const PAGES = {
  overview: '/console',
  accounts: '/console/accounts',
  log: '/console/log',
  waiting: '/console/waiting',
  bots: '/console/bots',
  apps: '/console/apps',
  wecomErrors: '/console/wecom-errors',
  audit: '/console/audit',
} as const;

export type PageName = keyof typeof PAGES;

const part = encodeURIComponent;

/** Where a bot's page has its sessions. */
export const SESSIONS_PART = 'sessions';

export const pathOf = {
  accountsLike: (q: string) => `${PAGES.accounts}?q=${part(q)}`,
  account: (corpId: string, openKfId: string) => `${PAGES.accounts}/${part(corpId)}/${part(openKfId)}`,
  bot: (id: string) => `${PAGES.bots}/${part(id)}`,
  botSessions: (id: string) => `${pathOf.bot(id)}#${SESSIONS_PART}`,
  addBot: `${PAGES.bots}/add`,
  /** With the app chosen. */
  addBotOf: (corpId: string) => `${PAGES.bots}/add?corpId=${part(corpId)}`,
  /** With the account chosen. */
  addBotFor: (corpId: string, openKfId: string) =>
    `${PAGES.bots}/add?corpId=${part(corpId)}&openKfId=${part(openKfId)}`,
  /** With the account and what answers chosen. */
  addAgentFor: (corpId: string, openKfId: string) => `${pathOf.addBotFor(corpId, openKfId)}&program=agent`,
  logOfAccount: (openKfId: string) => `${PAGES.log}?openKfId=${part(openKfId)}`,
  /** The story of one record, beside those of its account. */
  recordOf: (openKfId: string, id: string) => `${PAGES.log}?openKfId=${part(openKfId)}&record=${part(id)}`,
  app: (id: string) => `${PAGES.apps}/${part(id)}`,
  connectApp: `${PAGES.apps}/connect`,
  /** With the corp id filled in. */
  connectAppOf: (corpId: string) => `${pathOf.connectApp}?corpId=${part(corpId)}`,
  dead: `${PAGES.waiting}?state=dead`,
  waitingMessages: `${PAGES.waiting}?kind=messages`,
  deadMessages: `${PAGES.waiting}?kind=messages&state=dead`,
  /** @param q a whole webhook-id, or a part of an account's name. */
  logLike: (q: string) => `${PAGES.log}?q=${part(q)}`,
  refused: `${PAGES.log}?show=refused`,
  refusedOf: (corpId: string | null) =>
    corpId === null ? pathOf.refused : `${pathOf.refused}&corpId=${part(corpId)}`,
};

export const isAt = (path: string, page: string): boolean =>
  path === page || (page !== PAGES.overview && path.startsWith(`${page}/`));

/** Addresses of earlier versions, which stand in messages and bookmarks; their query goes along. */
export const MOVED: readonly (readonly [from: string, to: string])[] = [
  ['/console/kf-accounts/*?', PAGES.accounts],
  ['/console/outbox/messages', pathOf.waitingMessages],
  ['/console/outbox/*?', PAGES.waiting],
  ['/console/live/refused', pathOf.refused],
  ['/console/live/log/:record', PAGES.log],
  ['/console/live/*?', PAGES.log],
];
