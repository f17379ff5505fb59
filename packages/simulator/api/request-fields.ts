/**
 * The fields of a call's JSON. WeCom takes what does not fit its types for missing and warns of it in errmsg
 * (全局错误码, 90313); so a body that is no JSON at all is one without fields.
 */
import { Refused } from './answers.js';

type Json = Readonly<Record<string, unknown>>;

export class RequestFields {
  private constructor(
    private readonly fields: Json,
    /** Of the whole body. */
    private readonly form: { isWrong: boolean },
    private readonly prefix = '',
  ) {}

  static of(body: string): RequestFields {
    const fields = body.trim() === '' ? {} : parseObject(body);
    return new RequestFields(fields ?? {}, { isWrong: fields === null });
  }

  /** @throws Refused 40058 when it is missing, and `minBytes` is more than 0, or when it is too long. */
  string(name: string, bytesMax: number, bytesMin = 0): string {
    const value = this.fields[name] ?? '';
    const text = typeof value === 'string' ? value : this.#wrong('');
    const bytes = Buffer.byteLength(text);
    if (bytes < bytesMin) throw this.refused(`missing ${this.prefix}${name}`);
    if (bytes > bytesMax) throw this.refused(`${this.prefix}${name} exceed max length ${bytesMax}`);
    return text;
  }

  required(name: string, bytesMax: number): string {
    return this.string(name, bytesMax, 1);
  }

  /** A text that WeCom cuts instead of refusing it; never within a character. */
  cut(name: string, bytesMax: number): string {
    const text = this.string(name, Infinity);
    const bytes = Buffer.from(text);
    if (bytes.length <= bytesMax) return text;
    return new TextDecoder().decode(bytes.subarray(0, bytesMax), { stream: true });
  }

  /** A whole number; `fallback` where there is none. @throws Refused 40058 outside the range. */
  integer(name: string, fallback: number, min: number, max: number): number {
    const value = this.fields[name] ?? fallback;
    const number = typeof value === 'number' && Number.isInteger(value) ? value : this.#wrong(fallback);
    if (number < min || number > max)
      throw this.refused(`${this.prefix}${name} out of range [${min}, ${max}]`);
    return number;
  }

  /** @throws Refused 40058 when it is missing or outside the range. */
  degrees(name: string, max: number): number {
    const value = this.fields[name];
    if (typeof value !== 'number') throw this.refused(`missing ${this.prefix}${name}`);
    if (Math.abs(value) > max) throw this.refused(`${this.prefix}${name} out of range [-${max}, ${max}]`);
    return value;
  }

  boolean(name: string): boolean | null {
    const value = this.fields[name] ?? null;
    return typeof value === 'boolean' || value === null ? value : this.#wrong(null);
  }

  strings(name: string, max: number): string[] {
    const value = this.fields[name];
    const texts = Array.isArray(value) ? value.filter((item) => typeof item === 'string') : this.#wrong([]);
    if (texts.length === 0) throw this.refused(`missing ${this.prefix}${name}`);
    if (texts.length > max) throw this.refused(`${this.prefix}${name} exceed max count ${max}`);
    return texts;
  }

  object(name: string): RequestFields {
    const value = this.fields[name];
    if (!isObject(value)) throw this.refused(`missing ${this.prefix}${name}`);
    return new RequestFields(value, this.form, `${this.prefix}${name}.`);
  }

  /** @returns `[]` when there is none. */
  objects(name: string): RequestFields[] {
    const value = this.fields[name] ?? [];
    const items = Array.isArray(value) ? value.filter(isObject) : this.#wrong([]);
    return items.map((item, at) => new RequestFields(item, this.form, `${this.prefix}${name}[${at}].`));
  }

  /** With WeCom's warning where something in it had the wrong form. */
  refused(text: string, errcode = 40058): Refused {
    return new Refused(errcode, this.form.isWrong ? `Warning: wrong json format. ${text}` : text);
  }

  #wrong<T>(instead: T): T {
    this.form.isWrong = true;
    return instead;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseObject(body: string): Json | null {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
