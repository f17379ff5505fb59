/** docs/reference/errors.md and its Chinese page, from the table of errors. */
import { ERRORS, type ErrorCode } from '../../src/kernel/error-table.js';
import { markdownTable } from './markdown-table.js';

/** What the page says in one language. */
export interface ErrorsWords {
  readonly introduction: string;
  readonly head: readonly string[];
  readonly messageOf: (code: ErrorCode) => string;
  readonly yes: string;
  readonly no: string;
  /** Heading of the codes that are alone with their first word. */
  readonly others: string;
}

const INTRODUCTION = `# Errors

English | [简体中文](../zh/reference/errors.md)

Written by \`npm run generate\` from the table in \`src/kernel/error-table.ts\`.

An answer that is not what was asked for names the reason and what to do:

\`\`\`json
{ "code": 404, "message": "No puppet is registered for this kf account", "error": "REGISTRY_PUPPET_NOT_FOUND", "requestId": "…" }
\`\`\`

\`code\` is the HTTP status. \`error\` is stable: once published, a code keeps its meaning. \`message\` is for people and may
say more after a colon, such as which field is wrong. \`requestId\` finds the request in the [log](log-lines.md). On \`getToken\` and the
proxy the shape is WeCom's, \`{"errcode":404,"errmsg":"…"}\`, with the HTTP status as \`errcode\`; WeCom's own refusals come
there with HTTP 200 and its own \`errcode\` ([wecom-api.md](wecom-api.md)).

**Again** says whether the same request may go well a while later, as it is. Where the answer has \`Retry-After\`, wait that
long; elsewhere begin with a second and double it. "no" means that somebody has to change something first.`;

export const ENGLISH_ERRORS: ErrorsWords = {
  introduction: INTRODUCTION,
  head: ['error', 'status', 'again', 'what is wrong, and what to do'],
  messageOf: (code) => ERRORS[code].message,
  yes: 'yes',
  no: 'no',
  others: 'Others',
};

export function errorsPage(words: ErrorsWords): string {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  const prefixes = [...new Set(codes.map(prefixOf))];
  const groups = Map.groupBy(codes, (code) => {
    const prefix = prefixOf(code);
    return codes.filter((other) => prefixOf(other) === prefix).length > 1 ? `${prefix}_…` : words.others;
  });
  const headings = [...prefixes.map((prefix) => `${prefix}_…`), words.others].filter((heading) =>
    groups.has(heading),
  );
  const sections = headings.map((heading) => `## ${heading}\n\n${tableOf(groups.get(heading) ?? [], words)}`);
  return `${[words.introduction, ...sections].join('\n\n')}\n`;
}

/** The first word of a code: what it is about. */
function prefixOf(code: ErrorCode): string {
  return code.split('_')[0] ?? '';
}

function tableOf(codes: readonly ErrorCode[], words: ErrorsWords): string {
  return markdownTable(
    words.head,
    codes.map((code) => {
      const { status, retry } = ERRORS[code];
      // What stands in angle brackets would be taken for HTML.
      const message = words.messageOf(code).replaceAll('<', '\\<');
      return [`\`${code}\``, String(status), retry ? words.yes : words.no, message];
    }),
  );
}
