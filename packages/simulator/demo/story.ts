/**
 * What becomes of each message, told from what the local WeCom and the manager's log have noted of it. It is told some
 * moments later, with the times at which it happened.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { CallRecord } from '../api/call-log.js';
import type { CallbackAttempt, CallbackRecord } from '../callbacks/callback-record.js';
import type { ChatMessage } from '../corp/chat.js';
import type { Cast } from './cast.js';
import type { LogLine } from './manager.js';
import { step } from './telling.js';

interface Happening {
  readonly name: string;
  readonly text: string;
  readonly atMs: number;
}

const LOOK_EVERY_MS = 200;
const CALLS: Readonly<Record<string, string>> = { 'kf/sync_msg': 'pulled', 'kf/send_msg': 'sent' };

export class Story {
  readonly #seen = new WeakSet<object>();
  #untold: Happening[] = [];

  constructor(private readonly cast: Cast) {
    // The puppet reads once when it starts, which belongs to no message.
    for (const call of cast.simulator.calls.records) this.#seen.add(call);
  }

  /** Waits until all of it has happened, then tells it. @param names of what makes it whole. */
  async tellOnce(names: readonly string[]): Promise<void> {
    while (!names.every((name) => this.#untold.some((happening) => happening.name === name))) {
      await delay(LOOK_EVERY_MS);
      this.#look();
    }
    this.#tell();
  }

  /** Tells what happens, each time after a moment without anything more, so that it comes in order. */
  async goOn(): Promise<never> {
    for (;;) {
      const known = this.#untold.length;
      await delay(LOOK_EVERY_MS);
      this.#look();
      if (this.#untold.length === known) this.#tell();
    }
  }

  #tell(): void {
    for (const { name, text, atMs } of this.#untold.sort((one, other) => one.atMs - other.atMs))
      step(name, text, atMs);
    this.#untold = [];
  }

  #look(): void {
    const { corp, calls, callbacks } = this.cast.simulator;
    const attempts = this.cast.manager?.log.filter(({ msg }) => msg === 'hint.attempted') ?? [];
    this.#untold.push(
      // First, since what is sent and what is read of it may have the same time.
      ...this.#new(calls.records).flatMap((call) => called(call, this.#callerOf(call))),
      ...this.#new(corp.chat.messages).map((message) => this.#written(message)),
      ...callbacks.records.flatMap((record) => this.#calledBack(record)),
      ...this.#new(attempts).map((line) => attempted(line, this.#recipientOf(line.openKfId))),
    );
  }

  #new<T extends object>(all: readonly T[]): T[] {
    const fresh = all.filter((one) => !this.#seen.has(one));
    for (const one of fresh) this.#seen.add(one);
    return fresh;
  }

  #written({ from, externalUserId, msgtype, body, atMs }: ChatMessage): Happening {
    const customer = this.cast.simulator.customers.find((one) => one.externalUserId === externalUserId);
    const content = msgtype === 'text' ? `"${body.content}"` : `(${msgtype})`;
    return from === 'customer'
      ? { name: 'wrote', text: `the customer ${customer?.nickname} writes ${content}`, atMs }
      : { name: 'read', text: `${customer?.nickname} sees ${content} from the ${from}`, atMs };
  }

  /** Once it has ended, and the manager's line of it is there. */
  #calledBack({ attempts, openKfId }: CallbackRecord): Happening[] {
    return attempts.flatMap((attempt) => {
      if (this.#seen.has(attempt)) return [];
      const line = attempt.outcome === 'taken' ? this.#nextAnswered(openKfId) : null;
      if (line === undefined) return [];
      this.#seen.add(attempt);
      if (line !== null) this.#seen.add(line);
      return ofAttempt(attempt, line, this.cast.callbackUrl, this.#recipientOf(openKfId));
    });
  }

  #callerOf({ request }: CallRecord): string {
    const isOfPuppet = this.cast.puppet !== null && request.includes(this.cast.simulator.openKfId);
    return isOfPuppet ? 'the puppet, through the manager' : 'the manager, for its bot';
  }

  /** Who takes events. */
  #recipientOf(openKfId: unknown): string {
    const isOfPuppet = this.cast.puppet !== null && openKfId === this.cast.simulator.openKfId;
    return isOfPuppet ? 'the puppet took it' : 'the manager pulled what it told of';
  }

  #nextAnswered(openKfId: string): LogLine | undefined {
    const isIt = (line: LogLine) =>
      line.msg === 'callback.answered' && line.status === 200 && line.openKfId === openKfId;
    return this.cast.manager?.log.find((line) => isIt(line) && !this.#seen.has(line));
  }
}

/** The manager's own times are counted from when it was called. */
function ofAttempt(
  attempt: CallbackAttempt,
  line: LogLine | null,
  url: string,
  recipient: string,
): Happening[] {
  const { startedAtMs: atMs, tookMs, number, status, detail } = attempt;
  const again = number > 1 ? `, attempt ${number}` : '';
  const called = { name: 'called', text: `WeCom seals the news and calls ${url}${again}`, atMs };
  const answer = status === null ? `WeCom got no answer: ${detail}` : `WeCom got ${status} "${detail}"`;
  const answered = (atLeastMs: number) => ({
    name: 'answered',
    text: answer,
    atMs: atMs + Math.max(tookMs, atLeastMs),
  });
  if (line === null) return [called, answered(0)];
  const openedAtMs = atMs + Number(line.openMs);
  const opened = {
    name: 'opened',
    text: `the manager verifies and opens it: ${line.event} for ${line.openKfId}`,
    atMs: openedAtMs,
  };
  return [
    called,
    opened,
    dispatched(line, openedAtMs + Number(line.deliveryMs), recipient),
    answered(Number(line.durationMs)),
  ];
}

function dispatched({ outcome, botStatus, stage }: LogLine, atMs: number, recipient: string): Happening {
  return outcome === 'delivered'
    ? { name: 'delivered', text: `${recipient} with ${botStatus}`, atMs }
    : { name: 'kept', text: `no bot took it (${stage}), so it is on the disk and delivered later`, atMs };
}

function attempted({ time, taken, occasion, botStatus, reason }: LogLine, recipient: string): Happening {
  const atMs = Number(time);
  return taken === true
    ? {
        name: 'delivered',
        text: `what was kept (${occasion}): ${recipient} with ${botStatus}`,
        atMs,
      }
    : { name: 'failed', text: `what was kept (${occasion}): ${reason}`, atMs };
}

function called({ api, errcode, errmsg, atMs }: CallRecord, caller: string): Happening[] {
  const name = CALLS[api];
  const result = errcode === 0 ? '' : `, refused with ${errcode} ${errmsg}`;
  return name === undefined ? [] : [{ name, text: `${caller}: ${api}${result}`, atMs }];
}
