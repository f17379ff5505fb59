/** The body of one message, for a group robot of WeCom or for any other receiver. */
import type { Due, Trouble } from './book.js';
import { type Language, wordsOf } from './words.js';

/** Of a robot's Markdown, in UTF-8 (developer.work.weixin.qq.com/document/path/91770). */
const ROBOT_BYTES_MAX = 4_096;
/** For the line that says how many were left out. */
const REST_BYTES = 100;
/** A receiver is to be read by people. */
const LISTED_MAX = 50;

/** @param nowMs says how long what is over took. */
export function toWebhookBody(due: Due, nowMs: number): object {
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
  const text = [...shown, ...(lines.length > shown.length ? ['and more'] : [])].join('\n');
  return { text, troubles: listed, more };
}

/** @param timeZone of the times in it. */
export function toRobotBody(due: Due, timeZone: string, nowMs: number): object {
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
  return toMarkdown(withinBytes(lines, ROBOT_BYTES_MAX - REST_BYTES));
}

export function toTestBody(language: Language): object {
  if (language === 'zh') return toMarkdown('**WXKF-Manager**\n这是一条测试消息：有问题时会在这里通知。');
  return { text: 'WXKF-Manager: this is a test. Troubles will be told here.', troubles: [], more: 0 };
}

function toMarkdown(content: string): object {
  return { msgtype: 'markdown', markdown: { content } };
}

function toEntry(type: 'trouble' | 'over', { cause, sinceMs }: Trouble): object {
  const { code, severity, count, address, corpId, openKfId, why } = cause;
  const since = new Date(sinceMs).toISOString();
  return { type, code, severity, ...wordsOf(cause, 'en'), since, count, address, corpId, openKfId, why };
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

/** From its beginning to when it was seen last. */
function lasted({ sinceMs, seenAtMs }: Trouble, language: Language, nowMs: number): string {
  const minutes = Math.max(1, Math.round((Math.min(seenAtMs, nowMs) - sinceMs) / 60_000));
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (language === 'zh') return `持续了 ${hours > 0 ? `${hours} 小时 ` : ''}${rest} 分钟`;
  return `it lasted ${hours > 0 ? `${hours} h ` : ''}${rest} min`;
}

/** Whole lines alone: half a line may be half a mark. */
function withinBytes(lines: readonly string[], bytesMax: number): string {
  let bytes = 0;
  const shown = lines.filter((line) => {
    bytes += Buffer.byteLength(line) + 1;
    return bytes <= bytesMax;
  });
  const left = lines.length - shown.length;
  return [...shown, ...(left > 0 ? [`另有 ${left} 项，请在控制台查看`] : [])].join('\n');
}
