/** Whether the manager's memory stays what it was when all its tables were full and all its code was compiled. */
import type { Manager } from '../faults/manager.js';
import { LiveMemory } from './live-memory.js';

export interface Weight {
  /** Heap and buffers after a collection. */
  readonly liveMb: number;
  /** As the system sees it. */
  readonly residentMb: number;
}

/** A shorter run is all warm-up. */
export const WARM_UP_INPUTS = 20_000;
const LIVE_GROWTH_MB_MAX = 16;
const RESIDENT_GROWTH_MB_MAX = 192;

export class Memory {
  #first: Weight | null = null;
  #last: Weight | null = null;

  constructor(
    private readonly manager: Manager,
    private readonly inspectorPort: number,
  ) {}

  async weigh(): Promise<void> {
    const residentMb = this.manager.usage()?.rssMb ?? 0;
    this.#last = { liveMb: await LiveMemory.at(this.inspectorPort), residentMb };
    this.#first ??= this.#last;
  }

  get isWeighed(): boolean {
    return this.#first !== null;
  }

  judge(): string[] {
    const [first, last] = [this.#first, this.#last];
    if (first === null || last === null) return [];
    const isGrown =
      last.liveMb - first.liveMb > LIVE_GROWTH_MB_MAX ||
      last.residentMb - first.residentMb > RESIDENT_GROWTH_MB_MAX;
    return isGrown ? [`memory grew: ${this}`] : [];
  }

  toString(): string {
    return [this.#first, this.#last]
      .map((weight) => `${weight?.liveMb.toFixed(1)} MB live, ${weight?.residentMb.toFixed(0)} MB resident`)
      .join(', then ');
  }
}
