/** The body of one message, for a group robot of WeCom or for any other receiver. */
import type { Notice, Trouble } from './book.js';
import { type Language, wordsOf } from './words.js';

/** Where the console is, from `PUBLIC_URL`. `null` where that is not set; then messages have no link. */
export type ConsoleUrl = Readonly<URL> | null;

/** Limit of a robot's Markdown, in UTF-8 (developer.work.weixin.qq.com/document/path/91770). */
const ROBOT_BYTES_MAX = 4_096;
/** For the line that says how many were left out. */
const REST_BYTES = 100;
/** People have to read the message. */
const LISTED_MAX = 50;

/** @param nowMs limits the time that a trouble is said to have lasted. */
export function toWebhookBody(due: Notice, nowMs: number, consoleUrl: ConsoleUrl): object {
  const all = [
    ...due.begun.map((trouble) => toEntry('trouble', trouble)),
    ...due.over.map((trouble) => toEntry('over', trouble)),
  ];
  const listed = all.slice(0, LISTED_MAX);
  const more = all.length - listed.length;
  const lines = [
    ...headed(`Needs attention (${due.begun.length}):`, due.begun.map(englishLine)),
    ...headed(
      `Over (${due.over.length}):`,
      due.over.map((trouble) => `- ${wordsOf(trouble.cause, 'en').title}: ${lasted(trouble, 'en', nowMs)}`),
    ),
  ];
  const shown = lines.slice(0, LISTED_MAX + 2);
  const url = linkFor(due.begun, consoleUrl);
  const rest = lines.length > shown.length ? ['and more'] : [];
  const text = [...shown, ...rest, ...(url === null ? [] : [url])].join('\n');
  return { text, troubles: listed, more, url };
}

/** @param timeZone of the times in it. */
export function toRobotBody(due: Notice, timeZone: string, nowMs: number, consoleUrl: ConsoleUrl): object {
  const lines = [
    ...headed(
      `**需要处理（${due.begun.length}）**`,
      due.begun.map((trouble) => chineseLine(trouble, timeZone)),
    ),
    ...headed(
      `**已恢复（${due.over.length}）**`,
      due.over.map(
        (trouble) =>
          `> <font color="info">${wordsOf(trouble.cause, 'zh').title}</font>：${lasted(trouble, 'zh', nowMs)}`,
      ),
    ),
  ];
  const link = toRobotLink(linkFor(due.begun, consoleUrl));
  const room = ROBOT_BYTES_MAX - REST_BYTES - Buffer.byteLength(link);
  return toMarkdown(withinBytes(lines, room) + link);
}

export function toTestBody(language: Language, consoleUrl: ConsoleUrl): object {
  const url = linkFor([], consoleUrl);
  if (language === 'zh')
    return toMarkdown(`**WXKF-Manager**\n这是一条测试消息：有问题时会在这里通知。${toRobotLink(url)}`);
  const text = 'WXKF-Manager: this is a test. Troubles will be told here.';
  return { text: url === null ? text : `${text}\n${url}`, troubles: [], more: 0, url };
}

/** The console's page for a cause, where it shows more than the overview. */
const PAGES: Partial<Record<Trouble['cause']['code'], string>> = {
  dead: '/console/waiting?state=dead',
  waiting: '/console/waiting',
  parked: '/console/waiting',
  dead_messages: '/console/waiting?kind=messages&state=dead',
  waiting_messages: '/console/waiting?kind=messages',
  refused: '/console/log?show=refused',
  wecom_fails: '/console/wecom-errors',
  calls_unanswered: '/console/wecom-errors',
};

/** The page that shows all of the troubles, or else the overview. */
function linkFor(troubles: readonly Trouble[], consoleUrl: ConsoleUrl): string | null {
  if (consoleUrl === null) return null;
  const [page, ...others] = new Set(troubles.map(({ cause }) => PAGES[cause.code] ?? '/console'));
  return new URL(page === undefined || others.length > 0 ? '/console' : page, consoleUrl).href;
}

function toRobotLink(url: string | null): string {
  return url === null ? '' : `\n[打开控制台](${url})`;
}

function toMarkdown(content: string): object {
  return { msgtype: 'markdown', markdown: { content } };
}

function toEntry(type: 'trouble' | 'over', { cause, sinceMs }: Trouble): object {
  const { code, severity, count, address, port, replica, corpId, openKfId, why, status, unlistedAddress } =
    cause;
  const since = new Date(sinceMs).toISOString();
  const what = { type, code, severity, ...wordsOf(cause, 'en'), since, count };
  return { ...what, address, port, replica, corpId, openKfId, why, status, unlistedAddress };
}

function headed(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [heading, ...lines];
}

function englishLine({ cause, sinceMs }: Trouble): string {
  const { title, text } = wordsOf(cause, 'en');
  return `- ${title}, since ${new Date(sinceMs).toISOString()}. ${text}`;
}

function chineseLine({ cause, sinceMs }: Trouble, timeZone: string): string {
  const { title, text } = wordsOf(cause, 'zh');
  const since = new Intl.DateTimeFormat('zh-CN', {
    timeZone,
    month: 'numeric',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(sinceMs);
  return `> <font color="warning">${title}</font>：自 ${since} 起。${text}`;
}

/** How long it lasted, from its beginning until it was last seen. */
function lasted({ sinceMs, seenAtMs }: Trouble, language: Language, nowMs: number): string {
  const minutes = Math.max(1, Math.round((Math.min(seenAtMs, nowMs) - sinceMs) / 60_000));
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (language === 'zh') return `持续了 ${hours > 0 ? `${hours} 小时 ` : ''}${rest} 分钟`;
  return `it lasted ${hours > 0 ? `${hours} h ` : ''}${rest} min`;
}

/** Keeps whole lines, since half a line could be half a tag. */
function withinBytes(lines: readonly string[], bytesMax: number): string {
  let bytes = 0;
  const shown = lines.filter((line) => {
    bytes += Buffer.byteLength(line) + 1;
    return bytes <= bytesMax;
  });
  const left = lines.length - shown.length;
  return [...shown, ...(left > 0 ? [`另有 ${left} 项，请在控制台查看`] : [])].join('\n');
}
