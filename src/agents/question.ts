/** Reads a customer's message, as far as a service can be asked about it. */
import type { Secret } from '../kernel/secret.js';
import { ORIGIN } from '../kernel/wecom-format.js';
import { type Fields, fieldsAt, textAt } from './forms/form.js';

export interface CustomerMessage {
  /** The `external_userid`. */
  readonly customer: string;
  /** `null` for what has no text, such as a picture. */
  readonly text: string | null;
}

/** The fields that have text, by type of message (developer.work.weixin.qq.com/document/path/94670). */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  text: ['content'],
  location: ['name', 'address'],
  link: ['title', 'desc', 'url'],
  miniprogram: ['title'],
  merged_msg: ['title'],
  channels_shop_product: ['title'],
  channels_shop_order: ['product_titles'],
  channels: ['nickname', 'title'],
};

/** @returns `null` for events and for messages of servicers: nobody has to answer them. */
export function readCustomerMessage(message: Secret): CustomerMessage | null {
  const entry = JSON.parse(message.reveal()) as Fields;
  const customer = textAt(entry, 'external_userid');
  const type = textAt(entry, 'msgtype');
  if (entry.origin !== ORIGIN.customer || customer === '' || type === 'event') return null;
  const content = fieldsAt(entry, type);
  const words = (WORDS[type] ?? []).map((name) => textAt(content, name).trim()).filter((text) => text !== '');
  return { customer, text: words.length === 0 ? null : words.join('\n') };
}
