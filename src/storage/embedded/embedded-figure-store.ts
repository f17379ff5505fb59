import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Database } from 'lmdb';
import { FigureStore, FIGURES_KEPT_MS } from '../../record/figure-store.js';
import {
  type Figures,
  type IntervalFigures,
  inIntervals,
  MINUTE_MS,
  type StoredFigures,
  together,
} from '../../record/figures.js';
import { EmbeddedStore } from './embedded-store.js';

/** Three days have 4,320 minutes; a turn of the event loop takes 3 ms of them. */
const RECORDS_PER_TURN = 500;

/** One record for each minute and replica. */
@Injectable()
export class EmbeddedFigureStore extends FigureStore {
  readonly #store: EmbeddedStore;
  readonly #figures: Database<StoredFigures, string>;

  constructor(store: EmbeddedStore) {
    super();
    this.#store = store;
    this.#figures = store.database<StoredFigures>('figures');
  }

  override async add(replica: string, minuteMs: number, figures: Figures): Promise<void> {
    const key = `${timeKey(minuteMs)} ${replica}`;
    await this.#store.durably('add figures', () =>
      this.#figures.batch(() => {
        for (const old of this.#figures.getKeys({ end: timeKey(minuteMs - FIGURES_KEPT_MS) }))
          this.#figures.remove(old);
        this.#figures.put(key, together(this.#read(key), figures));
      }),
    );
  }

  override async list(fromMs: number, intervalMs: number): Promise<readonly IntervalFigures[]> {
    this.#store.requireOpen();
    const keys = [...this.#figures.getKeys({ start: timeKey(fromMs) })];
    const minutes: { readonly atMs: number; readonly figures: StoredFigures }[] = [];
    for (let at = 0; at < keys.length; at += RECORDS_PER_TURN) {
      for (const key of keys.slice(at, at + RECORDS_PER_TURN))
        minutes.push({ atMs: timeOf(key), figures: this.#read(key) });
      await nextTurn();
      this.#store.requireOpen();
    }
    return inIntervals(minutes, intervalMs);
  }

  /** One that cannot be read is a gap, and stops no other. */
  #read(key: string): StoredFigures {
    try {
      return this.#figures.get(key) ?? {};
    } catch {
      return {};
    }
  }
}

/** Sorts as the times do. */
function timeKey(atMs: number): string {
  return String(Math.floor(atMs / MINUTE_MS)).padStart(10, '0');
}

function timeOf(key: string): number {
  return Number(key.slice(0, 10)) * MINUTE_MS;
}
