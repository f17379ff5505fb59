/**
 * When each customer first wrote without a reply since. A reply is a message that WeCom accepted for this customer, or the words
 * of a person to this customer. Customers are known by their hash alone (`customerKey`).
 */
import { accountKey, type Addressee, readAccountKey } from '../kernel/account.js';
import { OwnedMap } from '../kernel/owned-map.js';
import { AskedTimes } from './asked-times.js';

/** Nothing is known of a customer for longer: WeCom takes no reply after this time (developer.work.weixin.qq.com/document/path/94677). */
export const CUSTOMER_KEPT_MS = 48 * 3_600_000;
/** The customers of the last hour are those whose share counts. */
const HOUR_MS = 3_600_000;
/** Of all accounts, and of one. */
const CUSTOMERS_MAX = 100_000;
const OF_ACCOUNT_MAX = 20_000;
/** WeCom's times have whole seconds. */
const SECOND_MS = 1_000;
/** A customer who wrote so often without a word is no mere *thanks*. */
const INSISTENT = 3;

/** All that is known of a customer. It can be heard twice and in any order. Plain JSON. */
export interface CustomerSign extends Addressee {
  /** See `customerKey`. */
  readonly customer: string;
  /** When the newest message was sent, by WeCom's clock; 0 for none. */
  readonly sentAtMs: number;
  /** When the first and the last message came that nobody has answered, store time. */
  readonly asked: readonly number[];
  /** How many messages came since the last reply. */
  readonly asks: number;
  /** When the customer last got a reply, store time; 0 for never. */
  readonly repliedAtMs: number;
}

export function newestMsOfCustomer({ asked, repliedAtMs }: CustomerSign): number {
  return Math.max(repliedAtMs, ...asked);
}

/** What is known of the customers of an account. */
export interface UnansweredCount {
  /** Customers who wrote and got no reply since. */
  readonly waiting: number;
  /** Since when the longest of them waits, store time; `null` while nobody does. */
  readonly sinceMs: number | null;
  /** The first message since the account's last reply that nobody has answered; `null` for none. */
  readonly sinceReplyMs: number | null;
  /** When any customer last got a reply; 0 for never. */
  readonly repliedAtMs: number;
  /** Customers who wrote within the last hour. */
  readonly ofHour: number;
  /** Those of them who got no word at all, and wait for long. */
  readonly wordless: number;
  readonly wordlessSinceMs: number | null;
  /** Whether one of these wrote again and again. */
  readonly isInsistent: boolean;
}

export interface UnansweredTimes {
  readonly nowMs: number;
  /** When the account last replied to anybody, store time. */
  readonly repliedAtMs: number;
  /** Who wrote before and got no word waits for long, store time. */
  readonly longSinceMs: number;
}

export class UnansweredCustomers {
  /** By account, and by the customer's hash. */
  readonly #all = new OwnedMap<Customer>(OF_ACCOUNT_MAX, CUSTOMERS_MAX);

  get size(): number {
    return this.#all.size;
  }

  /** A customer's message was read. @returns what is known then; `null` where the message was known. */
  asked(account: Addressee, customer: string, sentAtMs: number, nowMs: number): CustomerSign | null {
    const known = this.#all.get(accountKey(account), customer);
    if (known !== undefined && sentAtMs <= known.sentAtMs) return null;
    // WeCom's clock may differ from ours. A message that was not known came after the last reply.
    const askedMs = Math.max(toStoreMs(sentAtMs, nowMs), (known?.repliedAtMs ?? 0) + 1);
    const asks = (known?.asks ?? 0) + 1;
    return this.hear({ ...toSign(account, customer), sentAtMs, asked: [askedMs], asks });
  }

  /** The customer got a reply. @returns what is known then. */
  replied(account: Addressee, customer: string, repliedAtMs: number): CustomerSign {
    return this.hear({ ...toSign(account, customer), repliedAtMs });
  }

  /** A person's words to the customer were read. @returns as `asked`. */
  told(account: Addressee, customer: string, sentAtMs: number, nowMs: number): CustomerSign | null {
    const known = this.#all.get(accountKey(account), customer);
    const isLast = known !== undefined && sentAtMs >= known.sentAtMs;
    const atMs = Math.max(toStoreMs(sentAtMs, nowMs), isLast ? known.askedAtMs : 0);
    return atMs <= (known?.repliedAtMs ?? 0) ? null : this.replied(account, customer, atMs);
  }

  /** Adds what is known of a customer to what was. @returns both together. */
  hear(sign: CustomerSign): CustomerSign {
    const owner = accountKey(sign);
    const customer = this.#all.get(owner, sign.customer) ?? new Customer();
    this.#all.set(owner, sign.customer, customer);
    return { ...toSign(sign, sign.customer), ...customer.hear(sign) };
  }

  /** Looks at all customers of the account: 20,000 of them take some milliseconds. */
  of(account: Addressee, times: UnansweredTimes): UnansweredCount {
    const owner = accountKey(account);
    const count = new Counted();
    for (const [key, customer] of this.#all.of(owner))
      if (times.nowMs - customer.newestMs >= CUSTOMER_KEPT_MS) this.#all.delete(owner, key);
      else count.add(customer, times);
    return count;
  }

  /** Drops what is known of an account up to this time. @param openKfId of whichever corp. */
  forget(openKfId: string, atMs: number): void {
    for (const [owner, key, customer] of this.#all.entries())
      if (readAccountKey(owner).openKfId === openKfId && customer.newestMs <= atMs)
        this.#all.delete(owner, key);
  }
}

/** @param sentAtMs by WeCom's clock, in whole seconds. */
function toStoreMs(sentAtMs: number, nowMs: number): number {
  return Math.min(sentAtMs + SECOND_MS - 1, nowMs);
}

function toSign({ corpId, openKfId }: Addressee, customer: string): CustomerSign {
  return { corpId, openKfId, customer, sentAtMs: 0, asked: [], asks: 0, repliedAtMs: 0 };
}

/** One customer of an account. Changed in place: every message passes here. */
class Customer {
  sentAtMs = 0;
  repliedAtMs = 0;
  asks = 0;
  /** When the customer last wrote, store time; 0 for never. */
  askedAtMs = 0;
  readonly #asked = new AskedTimes();

  get newestMs(): number {
    return Math.max(this.askedAtMs, this.repliedAtMs);
  }

  /** When the first message came that nobody has answered; 0 for none. */
  get waitsSinceMs(): number {
    return this.#asked.firstAfter(this.repliedAtMs);
  }

  /** The same of messages since then. */
  firstAfter(atMs: number): number {
    return this.#asked.firstAfter(Math.max(this.repliedAtMs, atMs));
  }

  hear({
    sentAtMs,
    asked,
    asks,
    repliedAtMs,
  }: CustomerSign): Omit<CustomerSign, keyof Addressee | 'customer'> {
    this.sentAtMs = Math.max(this.sentAtMs, sentAtMs);
    this.repliedAtMs = Math.max(this.repliedAtMs, repliedAtMs);
    if (this.waitsSinceMs === 0) this.asks = 0;
    for (const atMs of asked) {
      this.askedAtMs = Math.max(this.askedAtMs, atMs);
      this.#asked.add(atMs, this.repliedAtMs);
      if (atMs > this.repliedAtMs) this.asks = Math.max(this.asks, asks);
    }
    return {
      ...{ sentAtMs: this.sentAtMs, asked: this.#asked.list(this.repliedAtMs), asks: this.asks },
      repliedAtMs: this.repliedAtMs,
    };
  }
}

/** Adds up the customers of an account. */
class Counted implements UnansweredCount {
  waiting = 0;
  sinceMs: number | null = null;
  sinceReplyMs: number | null = null;
  repliedAtMs = 0;
  ofHour = 0;
  wordless = 0;
  wordlessSinceMs: number | null = null;
  isInsistent = false;

  add(customer: Customer, { nowMs, repliedAtMs, longSinceMs }: UnansweredTimes): void {
    const { waitsSinceMs, askedAtMs } = customer;
    const isOfHour = nowMs - askedAtMs < HOUR_MS;
    if (isOfHour) this.ofHour++;
    this.repliedAtMs = Math.max(this.repliedAtMs, customer.repliedAtMs);
    if (waitsSinceMs === 0) return;
    this.waiting++;
    this.sinceMs = earlier(this.sinceMs, waitsSinceMs);
    const sinceReplyMs = customer.firstAfter(repliedAtMs);
    if (sinceReplyMs !== 0) this.sinceReplyMs = earlier(this.sinceReplyMs, sinceReplyMs);
    // Who got a reply within the hour before that may have said thanks.
    const hadWord = waitsSinceMs - customer.repliedAtMs < HOUR_MS;
    if (!isOfHour || hadWord || waitsSinceMs > longSinceMs) return;
    this.wordless++;
    this.wordlessSinceMs = earlier(this.wordlessSinceMs, waitsSinceMs);
    this.isInsistent ||= customer.asks >= INSISTENT;
  }
}

function earlier(aMs: number | null, bMs: number): number {
  return aMs === null ? bMs : Math.min(aMs, bMs);
}
