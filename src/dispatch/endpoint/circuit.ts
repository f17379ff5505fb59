import { Injectable } from '@nestjs/common';
import { Clock, type Timer } from '../../kernel/clock.js';
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
 * What is known of an endpoint that fails. While the circuit is open, the endpoint gets nothing but probes. While
 * it is closed, the endpoint is probed too when nothing else was tried for a while, so that its recovery is
 * noticed before a hint is due.
 *
 * An answered refusal may be about one account alone. So it counts against the endpoint only once, until the endpoint
 * takes something of that account. After several refusals in a row the account is held back: it gets nothing but
 * probes, and other accounts go on.
 */
class Circuit {
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
  #timer: Timer | null = null;
  #timerEndsMs = 0;
  #lastFailedMs = 0;

  constructor(
    private readonly clock: Clock,
    private readonly onProbeDue: () => void,
  ) {}

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
    return this.#timer !== null;
  }

  /** Whether none of the latest attempts failed. */
  get isForgotten(): boolean {
    return !this.isFailing && this.#timer === null && !this.#recent.includes(false);
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

  failed(startedMs: number): void {
    const wasOpen = this.#isOpen;
    this.#count();
    const hasOpened = this.#isOpen && !wasOpen;
    // A probe is not postponed by attempts that were under way when the circuit opened, nor by failures of other
    // accounts.
    const mayPostpone = hasOpened || (!wasOpen && !this.#holdsAnyBack());
    if (mayPostpone || this.#timer === null) this.probeLater(startedMs);
  }

  refused(account: Addressee, startedMs: number): void {
    const wasOpen = this.#isOpen;
    const times = this.#countRefusal(account);
    if (times === 1) this.#count();
    this.#isSuspected = false;
    this.#lastFailedMs = this.clock.elapsedMs();
    const isHeldBackNow = !wasOpen && times === FAILURES_IN_A_ROW;
    if (isHeldBackNow) {
      this.#probes = 0;
      this.#hasTaken = false;
    }
    const hasChanged = isHeldBackNow || this.#isOpen !== wasOpen;
    // A probe is not postponed by attempts that were under way when the circuit opened, nor by refusals of other
    // accounts.
    const isAlone = !wasOpen && this.#refused.size === 1 && times < FAILURES_IN_A_ROW;
    if (this.#timer === null || hasChanged || isAlone) this.probeLater(startedMs);
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
    if (this.#refused.size === 0) this.stop();
    return wasInTrouble;
  }

  suspect(): void {
    this.#isSuspected = true;
    this.probeLater(this.clock.elapsedMs(), SUSPECT_AFTER_MS);
  }

  /** A message came in: it is sent as a probe soon, if the next probe is far off. */
  probeSoon(): void {
    const isProbeUnderWay = this.#timer === null && !this.#isTrial;
    if (!this.isFailing || isProbeUnderWay) return;
    const atMs = Math.max(this.clock.elapsedMs(), this.#lastFailedMs + PROMPT_AFTER_MS);
    if (this.#timer === null || atMs < this.#timerEndsMs) this.#probeAt(atMs);
  }

  /** @param startedMs of the latest attempt, on the clock that never jumps. */
  probeLater(startedMs: number, afterMs = this.#probeAfterMs()): void {
    this.#probeAt(startedMs + afterMs * (1 + JITTER * (2 * Math.random() - 1)));
  }

  /**
   * There is no hint to probe with, so the next event may be tried. Refused accounts have no hints
   * either, and are forgotten.
   */
  tryNext(): void {
    this.#isTrial = this.#isOpen;
    this.#refused.clear();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #probeAt(atMs: number): void {
    this.stop();
    this.#timerEndsMs = atMs;
    this.#timer = this.clock.after(Math.max(0, atMs - this.clock.elapsedMs()), () => {
      this.#timer = null;
      this.onProbeDue();
    });
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

  #count(): void {
    this.#isSuspected = false;
    this.#failuresInARow++;
    this.#remember(false);
    this.#lastFailedMs = this.clock.elapsedMs();
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

/**
 * The circuits of all endpoints that failed lately; a healthy endpoint has none. No maintained library has a clock
 * that can be injected and probes that its user sends, and a circuit needs little more than these two.
 */
@Injectable()
export class Circuits {
  readonly #circuits = new Map<string, Circuit>();
  readonly #open = new Set<string>();
  #isStopped = false;
  #probe: (endpoint: string) => void = () => {};

  constructor(private readonly clock: Clock) {}

  /** @param probe sends the endpoint a probe and reports its result. */
  start(probe: (endpoint: string) => void): void {
    this.#probe = probe;
  }

  /** The endpoints that get nothing but probes. */
  get open(): ReadonlySet<string> {
    return this.#open;
  }

  isOpen(endpoint: string): boolean {
    return this.#open.has(endpoint);
  }

  /**
   * The endpoints that operators see as failing: open ones, and those that refused an account again and again
   * and took nothing since.
   */
  get failing(): ReadonlySet<string> {
    return new Set(
      [...this.#circuits].flatMap(([endpoint, { takesNothing }]) => (takesNothing ? endpoint : [])),
    );
  }

  isFailing(endpoint: string): boolean {
    return this.#circuits.get(endpoint)?.takesNothing ?? false;
  }

  /** Whether an event of the account may be tried at once. */
  admit(endpoint: string, account: Addressee): boolean {
    return this.#circuits.get(endpoint)?.admit(account) ?? true;
  }

  /** Whether this account gets nothing but probes, and others of the endpoint all that comes in. */
  holdsBack(endpoint: string, account: Addressee): boolean {
    return this.#circuits.get(endpoint)?.holdsBack(account) ?? false;
  }

  /** The keys of all accounts of the endpoint that are held back. */
  heldBackOf(endpoint: string): ReadonlySet<string> {
    return this.#circuits.get(endpoint)?.heldBack ?? new Set();
  }

  /**
   * No connection, or no answer in time.
   * @param startedMs when the attempt began, on the clock that never jumps.
   */
  failed(endpoint: string, startedMs: number): void {
    this.#fail(endpoint, (circuit) => circuit.failed(startedMs));
  }

  /** The endpoint answered, and refused something of the account. @param startedMs as of `failed`. */
  refused(endpoint: string, account: Addressee, startedMs: number): void {
    this.#fail(endpoint, (circuit) => circuit.refused(account, startedMs));
  }

  /** @returns whether what waits for the endpoint should be sent now. */
  succeeded(endpoint: string, account: Addressee): boolean {
    const circuit = this.#circuits.get(endpoint);
    if (circuit === undefined) return false;
    const wasInTrouble = circuit.succeeded(account);
    this.#open.delete(endpoint);
    if (circuit.isForgotten) this.#circuits.delete(endpoint);
    return wasInTrouble;
  }

  /** A puppet has just registered there. @returns as `succeeded` does. */
  close(endpoint: string): boolean {
    const circuit = this.#circuits.get(endpoint);
    circuit?.stop();
    this.#circuits.delete(endpoint);
    this.#open.delete(endpoint);
    return circuit?.isFailing ?? false;
  }

  /** Hints wait for the endpoint: it is probed if nothing else is tried meanwhile. */
  suspect(endpoint: string): void {
    if (this.#isStopped || this.#circuits.get(endpoint)?.isWaitingToProbe) return;
    this.#of(endpoint).suspect();
  }

  /** A message came in for the endpoint. A failing endpoint is probed as soon as its last failed attempt is 3 s old. */
  cameIn(endpoint: string): void {
    if (!this.#isStopped) this.#circuits.get(endpoint)?.probeSoon();
  }

  /** A probe or a trial was given up, or went elsewhere, and says nothing about the endpoint: another one follows. */
  inconclusive(endpoint: string): void {
    const circuit = this.#circuits.get(endpoint);
    if (this.#isStopped || circuit === undefined) return;
    if (circuit.needsProbe && !circuit.isWaitingToProbe) circuit.probeLater(this.clock.elapsedMs());
    else if (circuit.isForgotten) this.#circuits.delete(endpoint);
  }

  /** No hint waits for the endpoint, so nothing can probe it. */
  nothingToProbe(endpoint: string): void {
    const circuit = this.#circuits.get(endpoint);
    circuit?.tryNext();
    if (circuit?.isForgotten) this.#circuits.delete(endpoint);
  }

  /** Stops for good: attempts that end later have no consequence. */
  stop(): void {
    this.#isStopped = true;
    for (const circuit of this.#circuits.values()) circuit.stop();
  }

  #fail(endpoint: string, count: (circuit: Circuit) => void): void {
    if (this.#isStopped) return;
    const circuit = this.#of(endpoint);
    count(circuit);
    if (circuit.isOpen) this.#open.add(endpoint);
  }

  #of(endpoint: string): Circuit {
    let circuit = this.#circuits.get(endpoint);
    if (circuit === undefined) {
      circuit = new Circuit(this.clock, () => this.#probe(endpoint));
      this.#circuits.set(endpoint, circuit);
    }
    return circuit;
  }
}
