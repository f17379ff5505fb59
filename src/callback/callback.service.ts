import { Injectable } from '@nestjs/common';
import { Arrivals } from '../dispatch/inline/arrivals.js';
import { Dispatcher } from '../dispatch/inline/try.js';
import type { KfEvent } from '../queue/kf-event.js';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import type { TraceContext } from '../kernel/trace-context.js';
import { ID_FORMAT } from '../kernel/wecom-format.js';
import { SyncTokens } from '../registry/bots/sync-tokens.js';
import { type Destination, Destinations } from '../registry/accounts/destination.js';
import { type CallbackReport, acceptedBy } from './callback-report.js';
import { CallbackOpener } from './callback-opener.js';
import { roundMs } from '../kernel/round-ms.js';
import { CorpTime } from './corp-time.js';
import {
  idOfDecrypted,
  idOfMessage,
  isForBot,
  type OpenedCallback,
  type OpenedEvent,
  parseEnvelope,
  parseEvent,
  toLoggedName,
} from './opening.js';

export interface EncryptedCallback {
  readonly corpId: string;
  readonly msgSignature: string;
  readonly timestamp: string;
  readonly nonce: string;
  readonly body: Buffer;
  readonly trace: TraceContext | null;
}

export interface DecryptedCallback {
  readonly corpId: string;
  readonly openKfId: string;
  readonly syncToken: string;
  /** `CreateTime` of the event, seconds; `null` when the gateway did not send it. */
  readonly createdAtS: number | null;
  readonly trace: TraceContext | null;
}

/** The deployed puppet's body parser takes this much and answers 413 to more. */
const RAW_BODY_BYTES_MAX = 100_000;

/** How long WeCom may be asked about a callback's keys. The rest of the work has to fit into 2.8 s with it. */
const PROOF_LIMIT_MS = 1_500;

/**
 * Handles a callback: opens it, finds who takes it, has it delivered. Its methods never reject. If what they return has an
 * `error`, the sender has to send again, and the bot may have the event all the same.
 */
@Injectable()
export class CallbackService {
  constructor(
    private readonly opener: CallbackOpener,
    private readonly destinations: Destinations,
    private readonly dispatcher: Dispatcher,
    private readonly clock: Clock,
    private readonly corpTime: CorpTime,
    private readonly syncTokens: SyncTokens,
    private readonly arrivals: Arrivals,
  ) {}

  /** Resolves once the bot took the event, the event is durably kept, or no bot gets it. */
  accept(callback: EncryptedCallback): Promise<CallbackReport> {
    return acceptedBy((accepted) => this.#accept(callback, accepted));
  }

  /** As `accept`, for an event that a gateway has opened. Events of unknown corps are not kept. */
  acceptDecrypted(callback: DecryptedCallback): Promise<CallbackReport> {
    return acceptedBy((accepted) => this.#acceptDecrypted(callback, accepted));
  }

  async #accept(callback: EncryptedCallback, accepted: CallbackReport): Promise<void> {
    const startedMs = this.clock.elapsedMs();
    const { corpId, msgSignature, timestamp, nonce, body, trace } = callback;
    const keys = await this.opener.getKeys(corpId);
    const encrypted = parseEnvelope(body);
    const opened = await this.opener.open(corpId, keys, { msgSignature, timestamp, nonce, encrypted });
    const event = parseEvent(opened.message);
    accepted.event = toLoggedName(event);
    accepted.openMs = roundMs(this.clock.elapsedMs() - startedMs);
    if (!isForBot(event)) {
      accepted.webhookId = idOfMessage(corpId, opened.message);
      accepted.outcome = 'ignored';
      return;
    }
    const known = this.#findDestination(corpId, event.openKfId, accepted);
    let destination = needsStore(known) ? await this.#lookUp(known) : known;
    if (!destination.opens(opened.pair) && !opened.pair.isTrusted) {
      const leftMs = startedMs + PROOF_LIMIT_MS - this.clock.elapsedMs();
      await this.opener.requireProof(opened.pair, leftMs, trace);
      destination = destination.refresh();
    }
    this.#noteArrival(destination);
    if (destination.state === 'unserved') {
      accepted.outcome = 'ignored';
      return;
    }
    // When the puppet is ready, there is no `await` between here and the attempt.
    const kfEvent = this.#toKfEvent(callback, opened, event, destination);
    await this.#dispatch(kfEvent, destination, startedMs, trace, accepted);
  }

  async #acceptDecrypted(callback: DecryptedCallback, accepted: CallbackReport): Promise<void> {
    const startedMs = this.clock.elapsedMs();
    const { corpId, openKfId, syncToken, createdAtS, trace } = callback;
    const known = this.#findDestination(corpId, openKfId, accepted);
    let destination = needsStore(known) ? await this.#lookUp(known) : known;
    if (destination.state !== 'unserved' && !destination.hasRecipient) {
      await this.opener.getKeys(corpId);
      destination = destination.refresh();
    }
    this.#noteArrival(destination);
    if (destination.state === 'unserved') {
      accepted.outcome = 'ignored';
      return;
    }
    const id = idOfDecrypted(corpId, openKfId, syncToken, createdAtS);
    const time = this.corpTime.timeOf(corpId, createdAtS, true);
    this.syncTokens.note(corpId, openKfId, 'gateway', syncToken, time.lagMs);
    const traceparent = trace?.traceparent ?? null;
    const event = {
      id,
      corpId,
      openKfId,
      syncToken: this.#tokenFor(destination, syncToken),
      ...time,
      raw: null,
      traceparent,
    };
    await this.#dispatch(event, destination, startedMs, trace, accepted);
  }

  /**
   * Looks in memory only.
   * @throws AppError `CALLBACK_ACCOUNT_OF_OTHER_CORP`: a corp may send only for its own accounts.
   */
  #findDestination(corpId: string, openKfId: string, accepted: CallbackReport): Destination {
    const known = this.destinations.find({ corpId, openKfId });
    if (known.state !== 'absent' || ID_FORMAT.pattern.test(openKfId)) accepted.openKfId = openKfId;
    return requireOwn(known);
  }

  /**
   * Asks the store for an account that memory does not know, or whose events are to be dropped.
   * @throws AppError as `#findDestination` does; `CALLBACK_EVENT_MALFORMED`
   */
  async #lookUp(known: Destination): Promise<Destination> {
    const destination = requireOwn(await this.#readAgain(known));
    // No puppet can register for such an id, so nobody would ever take the event.
    if (destination.state === 'absent' && !ID_FORMAT.pattern.test(known.openKfId)) {
      throw new AppError('CALLBACK_EVENT_MALFORMED', { detail: `OpenKfId must be ${ID_FORMAT.expected}` });
    }
    return destination;
  }

  async #readAgain(known: Destination): Promise<Destination> {
    if (known.state === 'unserved') return this.destinations.confirm(known);
    try {
      return await this.destinations.lookUp(known);
    } catch (error) {
      // A bot that takes all other accounts goes on getting events while the store does not answer.
      if (known.bot === null || !isStoreAway(error)) throw error;
      return known;
    }
  }

  /** Sends the raw form only if the puppet, which opens and checks it again, will accept it. */
  #toKfEvent(
    { corpId, msgSignature, timestamp, nonce, body, trace }: EncryptedCallback,
    { message, pair, receiveId }: OpenedCallback,
    { openKfId, syncToken, toUserName, createdAtS: saidS }: OpenedEvent,
    destination: Destination,
  ): KfEvent {
    const isFit = syncToken !== '' && body.length <= RAW_BODY_BYTES_MAX && toUserName === corpId;
    const isRawGood = isFit && destination.opens(pair) && destination.isReceiver(receiveId);
    const raw = isRawGood ? { msgSignature, timestamp, nonce, body } : null;
    const traceparent = trace?.traceparent ?? null;
    const { createdAtS, lagMs } = this.corpTime.timeOf(corpId, saidS, pair.isTrusted);
    this.syncTokens.note(corpId, openKfId, pair.id, syncToken, lagMs);
    return {
      id: idOfMessage(corpId, message),
      corpId,
      openKfId,
      syncToken: this.#tokenFor(destination, syncToken),
      createdAtS,
      lagMs,
      raw,
      traceparent,
    };
  }

  /**
   * A bot that calls WeCom without the manager cannot use a token that the manager makes. For an event without a
   * token it gets the newest one of the account.
   */
  #tokenFor({ corpId, openKfId, bot }: Destination, syncToken: string): string {
    if (syncToken !== '' || bot === null || bot.api === 'manager') return syncToken;
    return this.syncTokens.findNewest(corpId, openKfId) ?? '';
  }

  #noteArrival(destination: Destination): void {
    this.arrivals.came(destination, destination.isPulled ? (destination.bot?.id ?? null) : null);
  }

  async #dispatch(
    event: KfEvent,
    destination: Destination,
    startedMs: number,
    trace: TraceContext | null,
    accepted: CallbackReport,
  ): Promise<void> {
    const openedMs = this.clock.elapsedMs();
    accepted.bot = destination.bot?.id;
    accepted.webhookId = event.id;
    try {
      const dispatched = await this.dispatcher.dispatch(event, destination, startedMs, trace?.tracestate);
      accepted.outcome = dispatched.delivery;
      accepted.attempts = dispatched.attempts;
      if (dispatched.delivery === 'delivered') accepted.botStatus = dispatched.status;
      else accepted.stage = dispatched.stage;
    } finally {
      accepted.deliveryMs = roundMs(this.clock.elapsedMs() - openedMs);
    }
  }
}

/** Whether the store must be asked: memory does not know the account, or the event would be dropped. */
function needsStore({ isUnknown, state }: Destination): boolean {
  return isUnknown || state === 'unserved';
}

function isStoreAway(error: unknown): boolean {
  return error instanceof AppError && error.code === 'STORE_UNAVAILABLE';
}

function requireOwn(destination: Destination): Destination {
  if (destination.state === 'foreign') throw new AppError('CALLBACK_ACCOUNT_OF_OTHER_CORP');
  return destination;
}
