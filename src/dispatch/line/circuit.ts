import { Injectable } from '@nestjs/common';
import { Clock, type Timer } from '../../kernel/clock.js';

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

/**
 * What is known of an endpoint that fails. Open, it gets nothing but probes; closed, it is probed too when
 * nothing else was tried for a while, so that its recovery is noticed whatever its hints' due times.
 */
class Circuit {
  #failuresInARow = 0;
  readonly #recent: boolean[] = [];
  #isOpen = false;
  #isTrial = false;
  #isSuspected = false;
  #probes = 0;
  #timer: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly onProbeDue: () => void,
  ) {}

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isFailing(): boolean {
    return this.#isOpen || this.#failuresInARow > 0;
  }

  /** Whether the endpoint gets nothing but probes. */
  get needsProbe(): boolean {
    return this.isFailing || this.#isSuspected;
  }

  get isWaitingToProbe(): boolean {
    return this.#timer !== null;
  }

  /** Whether none of the latest attempts failed. */
  get isForgotten(): boolean {
    return !this.#isOpen && this.#timer === null && !this.#recent.includes(false);
  }

  /** Whether an event may be tried. While open, one event may be tried if there is no hint to probe with. */
  admit(): boolean {
    const may = !this.#isOpen || this.#isTrial;
    this.#isTrial = false;
    return may;
  }

  failed(startedMs: number): void {
    this.#isSuspected = false;
    this.#failuresInARow++;
    this.#remember(false);
    // An attempt that was under way when the circuit opened does not postpone the probe.
    if (this.#isOpen && this.#timer !== null) return;
    if (this.#failuresInARow >= FAILURES_IN_A_ROW || this.#mostFailed()) this.#isOpen = true;
    this.probeLater(startedMs);
  }

  /** @returns whether the endpoint was in trouble until now, so that what waits for it should be sent. */
  succeeded(): boolean {
    const wasInTrouble = this.#isOpen || this.#failuresInARow > 1;
    if (this.#isOpen) this.#recent.length = 0;
    this.#remember(true);
    this.close();
    return wasInTrouble;
  }

  close(): void {
    this.#isOpen = false;
    this.#isTrial = false;
    this.#isSuspected = false;
    this.#failuresInARow = 0;
    this.#probes = 0;
    this.stop();
  }

  suspect(): void {
    this.#isSuspected = true;
    this.probeLater(this.clock.elapsedMs(), SUSPECT_AFTER_MS);
  }

  /** @param startedMs of the latest attempt, on the clock that never jumps. */
  probeLater(startedMs: number, afterMs = this.#probeAfterMs()): void {
    this.stop();
    const dueMs = startedMs + afterMs * (1 + JITTER * (2 * Math.random() - 1));
    this.#timer = this.clock.after(Math.max(0, dueMs - this.clock.elapsedMs()), () => {
      this.#timer = null;
      this.onProbeDue();
    });
  }

  /** There is no hint to probe with, so the next event may be tried. */
  tryNext(): void {
    this.#isTrial = this.#isOpen;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #probeAfterMs(): number {
    if (!this.#isOpen) return PROBE_AFTER_MS;
    return Math.min(FIRST_PROBE_AFTER_MS * 2 ** this.#probes++, PROBE_AFTER_MS);
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
 * The circuits of all endpoints that failed lately; one that is well has none. No kept library has a clock that
 * can be injected and probes that its user sends, and there is little more to a circuit than these two.
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

  /** Whether an event may be tried at once. */
  admit(endpoint: string): boolean {
    return !this.#open.has(endpoint) || (this.#circuits.get(endpoint)?.admit() ?? true);
  }

  /** @param startedMs when the attempt began, on the clock that never jumps. */
  failed(endpoint: string, startedMs: number): void {
    if (this.#isStopped) return;
    const circuit = this.#of(endpoint);
    circuit.failed(startedMs);
    if (circuit.isOpen) this.#open.add(endpoint);
  }

  /** @returns whether what waits for the endpoint should be sent now. */
  succeeded(endpoint: string): boolean {
    const circuit = this.#circuits.get(endpoint);
    if (circuit === undefined) return false;
    const wasInTrouble = circuit.succeeded();
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

  #of(endpoint: string): Circuit {
    let circuit = this.#circuits.get(endpoint);
    if (circuit === undefined) {
      circuit = new Circuit(this.clock, () => this.#probe(endpoint));
      this.#circuits.set(endpoint, circuit);
    }
    return circuit;
  }
}
