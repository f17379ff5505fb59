import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { ERRORS } from '../../kernel/error-table.js';
import type { Count } from '../../metrics/count.js';
import { byValue, Metrics, only } from '../../metrics/metrics.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { RegistrySync } from '../sync/registry-sync.js';

const ACTIONS = ['register', 'deregister'] as const;
type Action = (typeof ACTIONS)[number];
const RESULTS = ['accepted', 'refused', 'full', 'failed'] as const;
type Result = (typeof RESULTS)[number];

/** Metrics of registrations, and of how current the image is. */
@Injectable()
export class RegistryMetrics {
  readonly #registrations: Record<Action, Record<Result, Count>>;

  constructor(metrics: Metrics, image: RegistryImage, sync: RegistrySync) {
    const registrations = metrics.counter('wxkf_registrations_total');
    this.#registrations = byValue(ACTIONS, (action) =>
      byValue(RESULTS, (result) => registrations({ action, result })),
    );
    metrics.reads('wxkf_puppets', () => [
      { labels: { state: 'online' }, value: image.onlineCount },
      { labels: { state: 'offline' }, value: image.size - image.onlineCount },
    ]);
    metrics.reads('wxkf_registry_sync_age_seconds', () =>
      sync.ageMs === null ? [] : only(sync.ageMs / 1_000),
    );
  }

  /** Counts the outcome of the work. */
  async counted<T>(action: Action, work: () => Promise<T>): Promise<T> {
    try {
      const done = await work();
      this.#registrations[action].accepted.add();
      return done;
    } catch (error) {
      this.#registrations[action][resultOf(error)].add();
      throw error;
    }
  }
}

function resultOf(error: unknown): Result {
  if (!(error instanceof AppError)) return 'failed';
  if (error.code === 'REGISTRY_FULL' || error.code === 'REGISTRY_CORP_FULL') return 'full';
  return ERRORS[error.code].status < 500 ? 'refused' : 'failed';
}
