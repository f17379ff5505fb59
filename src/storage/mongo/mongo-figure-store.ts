import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { FigureStore } from '../../record/figure-store.js';
import { COUNTED, type Figures, type IntervalFigures, LEVELS, NO_FIGURES } from '../../record/figures.js';
import { FIGURES, type FigureDocument } from './figure.schema.js';
import { MongoStore } from './mongo-store.js';

type Sums = Partial<Figures> & { readonly _id: Date };

/** One document for each minute and replica; the database adds them up. */
@Injectable()
export class MongoFigureStore extends FigureStore {
  readonly #documents: Collection<FigureDocument>;

  constructor(private readonly store: MongoStore) {
    super();
    this.#documents = store.collection(FIGURES);
  }

  override async add(replica: string, minuteMs: number, figures: Figures): Promise<void> {
    const change = {
      $inc: Object.fromEntries(COUNTED.map((name) => [name, figures[name]])),
      $max: Object.fromEntries(LEVELS.map((name) => [name, figures[name]])),
      $setOnInsert: { at: new Date(minuteMs) },
    };
    await this.store.run(
      'add figures',
      () => this.#documents.updateOne({ _id: `${minuteMs} ${replica}` }, change, { upsert: true }),
      null,
    );
  }

  override async list(fromMs: number, intervalMs: number): Promise<readonly IntervalFigures[]> {
    const start = { $subtract: [{ $toLong: '$at' }, { $mod: [{ $toLong: '$at' }, intervalMs] }] };
    const sums = COUNTED.map((name) => [name, { $sum: `$${name}` }]);
    const levels = LEVELS.map((name) => [name, { $max: `$${name}` }]);
    const found = await this.store.run('list figures', () =>
      this.#documents
        .aggregate<Sums>([
          { $match: { at: { $gte: new Date(fromMs) } } },
          { $group: { _id: { $toDate: start }, ...Object.fromEntries([...sums, ...levels]) } },
          { $sort: { _id: 1 } },
        ])
        .toArray(),
    );
    return found.map(({ _id, ...figures }) => ({
      atMs: _id.getTime(),
      figures: { ...NO_FIGURES, ...figures },
    }));
  }
}
