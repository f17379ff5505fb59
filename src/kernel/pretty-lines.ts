/** Lines as a person reads them: local time, level, name, then `field=value` with the request's id last; a stack below. */
import type { PrettyStream } from 'pino-pretty';

/** What pino-pretty writes by itself. */
const SHOWN = new Set(['level', 'time', 'msg', 'err']);
const LAST = 'requestId';
/** A value with other characters is quoted as JSON, so that it cannot break out of its line. */
const PLAIN = /^[\w.:/?&*@+-]+$/;

/** pino-pretty is loaded only where a person reads. Each line is written at once; there are colours only on a terminal. */
export async function openPrettyStream(): Promise<PrettyStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    sync: true,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    hideObject: true,
    errorLikeObjectKeys: ['err'],
    messageFormat: (line, _key, _level, { colors }) =>
      [String(line.msg), colors.gray(fieldsOf(line))].join(' ').trimEnd(),
  });
}

function fieldsOf(line: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(line).filter((name) => !SHOWN.has(name) && name !== LAST);
  if (LAST in line) names.push(LAST);
  return names.map((name) => `${name}=${toText(line[name])}`).join(' ');
}

function toText(value: unknown): string {
  return typeof value === 'string' && PLAIN.test(value) ? value : JSON.stringify(value);
}
