/** The built manager as a process, and what its log says. */
import { LineProcess } from './line-process.js';

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export class Manager extends LineProcess {
  readonly #log: LogLine[] = [];
  #read = 0;

  /** All lines of the log so far. */
  get log(): readonly LogLine[] {
    for (; this.#read < this.lines.length; this.#read++) {
      const line = toLogLine(this.lines[this.#read] ?? '');
      if (line !== null) this.#log.push(line);
    }
    return this.#log;
  }

  /** The first line of the log with that name, past or to come. */
  async said(msg: string): Promise<LogLine> {
    return JSON.parse(await this.line(new RegExp(`^{.*"msg":"${RegExp.escape(msg)}"}$`)));
  }
}

/** @returns `null` for what is none, or was cut off by a kill. */
function toLogLine(text: string): LogLine | null {
  try {
    return text.startsWith('{') ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
