import type { Sealer } from '../../crypto/sealer.js';
import type { EndpointPolicy } from '../../registry/endpoint/endpoint-policy.js';
import { isSamePuppet, type Puppet } from '../../storage/puppets/puppet.js';
import type { PuppetRepository } from '../../storage/puppets/puppet.repository.js';
import { Progress } from '../terminal/progress.js';
import { type Counts, type Header, type FileLine, readLine } from './file-format.js';
import type { AppImport } from './import-apps.js';
import type { BotImport } from './import-bots.js';
import type { NumberedLine } from './read-lines.js';
import type { ImportOutcome, WhatToChange, ImportResult } from './what-to-change.js';

/** Writes under way at a time: a store commits many as fast as one. */
const AT_ONCE = 48;

/** Writes the registrations, apps and bots of a file to the store, each line completely or not at all. */
export class Import {
  readonly #counts = { added: 0, replaced: 0, unchanged: 0, skipped: 0, failed: 0 };
  readonly #progress = new Progress();
  readonly #read = { registrations: 0, apps: 0, bots: 0 };
  /** The line number of each account, app and bot. */
  readonly #lines = new Map<string, number>();
  readonly #underWay = new Set<Promise<void>>();
  #isWhole = false;
  /** Lines after the end were not exported, and are not imported. */
  #hasEnded = false;
  #failure: unknown = null;

  constructor(
    private readonly repository: PuppetRepository,
    private readonly apps: AppImport,
    private readonly bots: BotImport,
    private readonly endpoints: EndpointPolicy,
    private readonly what: WhatToChange,
    private readonly stop: AbortSignal,
  ) {}

  get counts() {
    return { ...this.#counts };
  }

  get summary(): string {
    const { added, replaced, unchanged, skipped, failed } = this.#counts;
    const hint = skipped > 0 ? ' (registered otherwise here; --replace puts the file’s in their place)' : '';
    if (this.what.isTrial) {
      return `dry run, nothing was written: ${added} would be added, ${replaced} would be replaced, ${unchanged} unchanged, ${skipped} would be skipped${hint}, ${failed} would fail`;
    }
    return `${added} added, ${replaced} replaced, ${unchanged} unchanged, ${skipped} skipped${hint}, ${failed} failed`;
  }

  /** @throws AppError `STORE_UNAVAILABLE`, Interrupted; what was written until then stays, and all can be repeated. */
  async run(lines: AsyncIterable<NumberedLine>, header: Header, sealer: Sealer): Promise<void> {
    try {
      for await (const { number, bytes } of lines) {
        this.stop.throwIfAborted();
        this.#take(number, readLine(bytes, header, sealer));
        if (this.#underWay.size >= AT_ONCE) await Promise.race(this.#underWay);
        if (this.#failure !== null) throw this.#failure;
        this.#progress.tell(() => this.summary);
      }
    } finally {
      await Promise.all(this.#underWay);
    }
    if (this.#failure !== null) throw this.#failure;
    if (!this.#isWhole)
      this.#fail('the file does not end as it was exported: lines of it are missing or were added');
  }

  #take(number: number, line: FileLine): void {
    if (this.#hasEnded) {
      this.#isWhole = false;
      return;
    }
    if ('end' in line) {
      const { registrations, apps, bots } = line.end;
      const read = this.#read;
      this.#isWhole = registrations === read.registrations && apps === read.apps && bots === read.bots;
      this.#hasEnded = true;
      return;
    }
    this.#read[kindOf(line)]++;
    const fault = this.#faultOf(number, line);
    if (fault !== null || 'fault' in line) this.#fail(`line ${number}: ${fault}`);
    else this.#begin(number, this.#writeOf(line));
  }

  #writeOf(line: Exclude<FileLine, { end: Counts } | { fault: string }>): Promise<ImportResult> {
    if ('app' in line) return this.apps.write(line.app);
    return 'bot' in line ? this.bots.write(line.bot) : this.#write(line.puppet);
  }

  #begin(number: number, work: Promise<ImportResult>): void {
    const written = work
      .then((outcome) => {
        if (typeof outcome === 'string') this.#counts[outcome]++;
        else this.#fail(`line ${number}: ${outcome.fault}`);
      })
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#underWay.delete(written));
    this.#underWay.add(written);
  }

  #faultOf(number: number, line: Exclude<FileLine, { end: Counts }>): string | null {
    if ('fault' in line) return line.fault;
    const [what, key] = nameOf(line);
    const before = this.#lines.get(key);
    if (before !== undefined) return `${what} is on line ${before} already`;
    const fault = this.#faultIn(line);
    if (fault === null) this.#lines.set(key, number);
    return fault;
  }

  #faultIn(line: Exclude<FileLine, { end: Counts } | { fault: string }>): string | null {
    if ('app' in line) return this.apps.faultOf(line.app);
    return 'bot' in line ? this.bots.faultOf(line.bot) : this.#faultOfPuppet(line.puppet);
  }

  /** Refuses what a registration would be refused for. */
  #faultOfPuppet({ endpoint }: Puppet): string | null {
    const judged = this.endpoints.read(endpoint);
    return 'must' in judged ? `endpoint must ${judged.must}` : null;
  }

  async #write(puppet: Puppet): Promise<ImportOutcome> {
    let outcome: ImportOutcome = 'skipped';
    const judge = (stored: Puppet | null): boolean => {
      outcome = this.#outcomeOf(puppet, stored);
      return outcome === 'added' || outcome === 'replaced';
    };
    if (this.what.isTrial) judge(await this.repository.find(puppet.openKfId));
    else await this.repository.restore(puppet, judge);
    return outcome;
  }

  #outcomeOf(puppet: Puppet, stored: Puppet | null): ImportOutcome {
    if (stored === null) return 'added';
    if (isSamePuppet(puppet, { ...stored, answered: puppet.answered })) return 'unchanged';
    return this.what.mayReplace ? 'replaced' : 'skipped';
  }

  #fail(fault: string): void {
    this.#counts.failed++;
    this.#progress.name(fault);
  }
}

function kindOf(line: Exclude<FileLine, { end: Counts }>): keyof Counts {
  if ('fault' in line) return line.kind;
  return 'app' in line ? 'apps' : 'bot' in line ? 'bots' : 'registrations';
}

function nameOf(line: Exclude<FileLine, { end: Counts } | { fault: string }>): [what: string, key: string] {
  if ('app' in line) return ['this app', `app ${line.app.id}`];
  return 'bot' in line ? ['this bot', `bot ${line.bot.id}`] : ['kfId', line.puppet.openKfId];
}
