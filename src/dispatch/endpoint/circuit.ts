import { type Addressee, accountKey } from '../../kernel/account.js';

const FAILURES_IN_A_ROW = 5;
/** The circuit opens when more than half of the latest this many attempts failed. */
const RECENT_ATTEMPTS = 20;
/** From the start of one attempt to the probe that follows it, at most 25 s with the jitter. */
const PROBE_AFTER_MS = 20_000;
/** Time between probes of a circuit that has just opened; doubles with each probe. */
const FIRST_PROBE_AFTER_MS = 1_000;
const JITTER = 0.2;
/** After a start, or when another process left hints behind: hints that are due by themselves go first. */
const SUSPECT_AFTER_MS = 15_000;
/** A message that comes in is sent as a probe once the last failed attempt is this old. */
const PROMPT_AFTER_MS = 3_000;
/** So many refused accounts are each probed within `PROBE_AFTER_MS`. More take turns, at the same rate. */
const PROBED_ACCOUNTS_MAX = 4;
/** Refused accounts that are remembered of an endpoint; a further one replaces the one that was refused first. */
const REFUSED_ACCOUNTS_MAX = 1_000;

/**
 * What is known of an endpoint that fails. It has no clock and no timer: whoever has it probes at `probeAtMs`. Times are of the clock
 * that never jumps. While the circuit is open, the endpoint gets nothing but probes. While
 * it is closed, the endpoint is probed too when nothing else was tried for a while, so that its recovery is
 * noticed before a hint is due.
 *
 * An answered refusal may be about one account alone. So it counts against the endpoint only once, until the endpoint
 * takes something of that account. After several refusals in a row the account is held back: it gets nothing but
 * probes, and other accounts go on.
 */
export class Circuit {
  #failuresInARow = 0;
  readonly #recent: boolean[] = [];
  /** How often each account was refused since something of it was taken. */
  readonly #refused = new Map<string, number>();
  /** Whether something was taken since an account was last held back. */
  #hasTaken = false;
  #isOpen = false;
  #isTrial = false;
  #isSuspected = false;
  #probes = 0;
  #probeAtMs: number | null = null;
  #lastFailedMs = 0;

  /** @param random gives 0 to 1. */
  constructor(private readonly random: () => number = Math.random) {}

  /** When it is to be probed next; `null` for never, and while a probe is under way. */
  get probeAtMs(): number | null {
    return this.#probeAtMs;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isFailing(): boolean {
    return this.#isOpen || this.#failuresInARow > 0 || this.#refused.size > 0;
  }

  /** Whether all that was tried lately failed, for whatever reason. */
  get takesNothing(): boolean {
    return this.#isOpen || (!this.#hasTaken && this.#holdsAnyBack());
  }

  /** Whether it is to be probed. */
  get needsProbe(): boolean {
    return this.isFailing || this.#isSuspected;
  }

  get isWaitingToProbe(): boolean {
    return this.#probeAtMs !== null;
  }

  /** Whether none of the latest attempts failed. */
  get isForgotten(): boolean {
    return !this.isFailing && this.#probeAtMs === null && !this.#recent.includes(false);
  }

  /** Whether an event may be tried. While open, one event may be tried if there is no hint to probe with. */
  admit(account: Addressee): boolean {
    if (!this.#isOpen) return !this.holdsBack(account);
    const may = this.#isTrial;
    this.#isTrial = false;
    return may;
  }

  /** The keys of accounts that get nothing but probes while others get what comes in. */
  get heldBack(): ReadonlySet<string> {
    const refused = this.#isOpen ? [] : this.#refused;
    return new Set([...refused].flatMap(([key, times]) => (times >= FAILURES_IN_A_ROW ? key : [])));
  }

  /** Whether this account alone gets nothing but probes. */
  holdsBack(account: Addressee): boolean {
    return this.#timesRefused(account) >= FAILURES_IN_A_ROW;
  }

  /** @param startedMs when the attempt began. */
  failed(startedMs: number, nowMs: number): void {
    const wasOpen = this.#isOpen;
    this.#count(nowMs);
    const hasOpened = this.#isOpen && !wasOpen;
    // A probe is not postponed by attempts that were under way when the circuit opened, nor by failures of other
    // accounts.
    const mayPostpone = hasOpened || (!wasOpen && !this.#holdsAnyBack());
    if (mayPostpone || this.#probeAtMs === null) this.probeLater(startedMs);
  }

  /** @param isAlone whether it is surely about the account alone, so that it never counts against the endpoint. */
  refused(account: Addressee, startedMs: number, nowMs: number, isAlone = false): void {
    const wasOpen = this.#isOpen;
    const times = this.#countRefusal(account);
    if (times === 1 && !isAlone) this.#count(nowMs);
    this.#isSuspected = false;
    this.#lastFailedMs = nowMs;
    const isHeldBackNow = !wasOpen && times === FAILURES_IN_A_ROW;
    if (isHeldBackNow) {
      this.#probes = 0;
      this.#hasTaken = false;
    }
    const hasChanged = isHeldBackNow || this.#isOpen !== wasOpen;
    // A probe is not postponed by attempts that were under way when the circuit opened, nor by refusals of other
    // accounts.
    const isOnlyOne = !wasOpen && this.#refused.size === 1 && times < FAILURES_IN_A_ROW;
    if (this.#probeAtMs === null || hasChanged || isOnlyOne) this.probeLater(startedMs);
  }

  /** @returns whether the endpoint, or the account, was in trouble until now, so that what waits should be sent. */
  succeeded(account: Addressee): boolean {
    const wasInTrouble = this.#isOpen || this.#failuresInARow > 1 || this.#timesRefused(account) > 1;
    if (this.#refused.size > 0) this.#refused.delete(accountKey(account));
    if (this.#isOpen) this.#recent.length = 0;
    this.#remember(true);
    this.#isOpen = false;
    this.#isTrial = false;
    this.#isSuspected = false;
    this.#failuresInARow = 0;
    this.#hasTaken = true;
    if (wasInTrouble) {
      this.#probes = 0;
      // The same trouble may have held other accounts back. They are tried again, and no longer count
      // against the endpoint.
      for (const key of this.#refused.keys()) this.#refused.set(key, 1);
    }
    if (this.#refused.size === 0) this.#probeAtMs = null;
    return wasInTrouble;
  }

  suspect(nowMs: number): void {
    this.#isSuspected = true;
    this.probeLater(nowMs, SUSPECT_AFTER_MS);
  }

  /** A message came in: it is sent as a probe soon, if the next probe is far off. */
  probeSoon(nowMs: number): void {
    const isProbeUnderWay = this.#probeAtMs === null && !this.#isTrial;
    if (!this.isFailing || isProbeUnderWay) return;
    const atMs = Math.max(nowMs, this.#lastFailedMs + PROMPT_AFTER_MS);
    if (this.#probeAtMs === null || atMs < this.#probeAtMs) this.#probeAtMs = atMs;
  }

  /** @param startedMs of the latest attempt. */
  probeLater(startedMs: number, afterMs = this.#probeAfterMs()): void {
    this.#probeAtMs = startedMs + afterMs * (1 + JITTER * (2 * this.random() - 1));
  }

  /**
   * There is no hint to probe with, so the next event may be tried. Refused accounts have no hints
   * either, and are forgotten.
   */
  tryNext(): void {
    this.#isTrial = this.#isOpen;
    this.#refused.clear();
  }

  /** The probe that was due begins. */
  probing(): void {
    this.#probeAtMs = null;
  }

  #probeAfterMs(): number {
    // If the endpoint takes nothing, one probe stands for all accounts; otherwise it is probed for each refused
    // account.
    const probed = this.#failuresInARow > 1 ? 1 : Math.min(this.#refused.size, PROBED_ACCOUNTS_MAX);
    const afterMs = PROBE_AFTER_MS / Math.max(1, probed);
    if (!this.#isOpen && !this.#holdsAnyBack()) return afterMs;
    return Math.min(FIRST_PROBE_AFTER_MS * 2 ** this.#probes++, afterMs);
  }

  #timesRefused(account: Addressee): number {
    return this.#refused.size === 0 ? 0 : (this.#refused.get(accountKey(account)) ?? 0);
  }

  #countRefusal(account: Addressee): number {
    const times = this.#timesRefused(account) + 1;
    this.#refused.set(accountKey(account), times);
    const [first] = this.#refused.size > REFUSED_ACCOUNTS_MAX ? this.#refused.keys() : [];
    if (first !== undefined) this.#refused.delete(first);
    return times;
  }

  #holdsAnyBack(): boolean {
    return this.#refused.values().some((times) => times >= FAILURES_IN_A_ROW);
  }

  #count(nowMs: number): void {
    this.#isSuspected = false;
    this.#failuresInARow++;
    this.#remember(false);
    this.#lastFailedMs = nowMs;
    if (this.#isOpen || (this.#failuresInARow < FAILURES_IN_A_ROW && !this.#mostFailed())) return;
    this.#isOpen = true;
    this.#probes = 0;
  }

  #remember(hasSucceeded: boolean): void {
    this.#recent.push(hasSucceeded);
    if (this.#recent.length > RECENT_ATTEMPTS) this.#recent.shift();
  }

  #mostFailed(): boolean {
    if (this.#recent.length < RECENT_ATTEMPTS) return false;
    return this.#recent.filter((hasSucceeded) => !hasSucceeded).length > RECENT_ATTEMPTS / 2;
  }
}
