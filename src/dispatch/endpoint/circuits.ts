import { Injectable } from '@nestjs/common';
import type { Addressee } from '../../kernel/account.js';
import { Clock, type Timer } from '../../kernel/clock.js';
import { Circuit } from './circuit.js';

/**
 * The circuits of all endpoints that failed lately; a healthy endpoint has none. No maintained library has a clock
 * that can be injected and probes that its user sends, and a circuit needs little more than these two.
 */
@Injectable()
export class Circuits {
  readonly #circuits = new Map<string, Circuit>();
  readonly #open = new Set<string>();
  /** Of circuits that wait to probe, by endpoint. */
  readonly #timers = new Map<string, { readonly timer: Timer; readonly atMs: number }>();
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
    this.#fail(endpoint, (circuit) => circuit.failed(startedMs, this.clock.elapsedMs()));
  }

  /** The endpoint answered, and refused something of the account. @param startedMs as of `failed`. @param isAlone as of `Circuit`. */
  refused(endpoint: string, account: Addressee, startedMs: number, isAlone = false): void {
    this.#fail(endpoint, (circuit) => circuit.refused(account, startedMs, this.clock.elapsedMs(), isAlone));
  }

  /** @returns whether what waits for the endpoint should be sent now. */
  succeeded(endpoint: string, account: Addressee): boolean {
    const circuit = this.#circuits.get(endpoint);
    if (circuit === undefined) return false;
    const wasInTrouble = circuit.succeeded(account);
    this.#open.delete(endpoint);
    this.#follow(endpoint, circuit);
    return wasInTrouble;
  }

  /** A puppet has just registered there. @returns as `succeeded` does. */
  close(endpoint: string): boolean {
    const circuit = this.#circuits.get(endpoint);
    this.#circuits.delete(endpoint);
    this.#open.delete(endpoint);
    this.#setTimer(endpoint, null);
    return circuit?.isFailing ?? false;
  }

  /** Hints wait for the endpoint: it is probed if nothing else is tried meanwhile. */
  suspect(endpoint: string): void {
    if (this.#isStopped || this.#circuits.get(endpoint)?.isWaitingToProbe) return;
    const circuit = this.#of(endpoint);
    circuit.suspect(this.clock.elapsedMs());
    this.#follow(endpoint, circuit);
  }

  /** A message came in for the endpoint. A failing endpoint is probed as soon as its last failed attempt is 3 s old. */
  cameIn(endpoint: string): void {
    const circuit = this.#circuits.get(endpoint);
    if (this.#isStopped || circuit === undefined) return;
    circuit.probeSoon(this.clock.elapsedMs());
    this.#follow(endpoint, circuit);
  }

  /** A probe or a trial was given up, or went elsewhere, and says nothing about the endpoint: another one follows. */
  inconclusive(endpoint: string): void {
    const circuit = this.#circuits.get(endpoint);
    if (this.#isStopped || circuit === undefined) return;
    if (circuit.needsProbe && !circuit.isWaitingToProbe) circuit.probeLater(this.clock.elapsedMs());
    this.#follow(endpoint, circuit);
  }

  /** No hint waits for the endpoint, so nothing can probe it. */
  nothingToProbe(endpoint: string): void {
    const circuit = this.#circuits.get(endpoint);
    if (circuit === undefined) return;
    circuit.tryNext();
    this.#follow(endpoint, circuit);
  }

  /** Stops for good: attempts that end later have no consequence. */
  stop(): void {
    this.#isStopped = true;
    for (const endpoint of this.#circuits.keys()) this.#setTimer(endpoint, null);
  }

  #fail(endpoint: string, count: (circuit: Circuit) => void): void {
    if (this.#isStopped) return;
    const circuit = this.#of(endpoint);
    count(circuit);
    if (circuit.isOpen) this.#open.add(endpoint);
    this.#follow(endpoint, circuit);
  }

  #of(endpoint: string): Circuit {
    const circuit = this.#circuits.get(endpoint) ?? new Circuit();
    this.#circuits.set(endpoint, circuit);
    return circuit;
  }

  /** Forgets it when it is well, and probes when it says so. */
  #follow(endpoint: string, circuit: Circuit): void {
    if (circuit.isForgotten) this.#circuits.delete(endpoint);
    this.#setTimer(endpoint, this.#isStopped ? null : circuit.probeAtMs);
  }

  #setTimer(endpoint: string, atMs: number | null): void {
    const before = this.#timers.get(endpoint);
    if (before !== undefined && before.atMs === atMs) return;
    before?.timer.cancel();
    this.#timers.delete(endpoint);
    if (atMs === null) return;
    const timer = this.clock.after(Math.max(0, atMs - this.clock.elapsedMs()), () => {
      this.#timers.delete(endpoint);
      this.#circuits.get(endpoint)?.probing();
      this.#probe(endpoint);
    });
    this.#timers.set(endpoint, { timer, atMs });
  }
}
