import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { LOG, type Log } from '../kernel/log.js';
import { AccountPlaces } from './registration/account-places.js';
import { RegistrationWriter } from './registration/registration-writer.js';
import { type KnownPuppet, RegistryImage } from './puppets/registry-image.js';
import { RegistrySync } from './sync/registry-sync.js';

const TOLD_MAX = 20;
/** Registrations between two pauses, so that callbacks do not wait for the scan of a large registry. */
const LOOKED_AT_ONCE = 500;

/**
 * At the start it begins to follow the store, and warns of unusable registrations once they are loaded. At the end it waits
 * until `RegistrationWriter` has written its notes.
 */
@Injectable()
export class RegistryLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly image: RegistryImage,
    private readonly sync: RegistrySync,
    private readonly places: AccountPlaces,
    private readonly writer: RegistrationWriter,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    void this.sync.start();
    void this.sync.whenLoaded().then(() => {
      this.places.tellExcess(this.log);
      return tellUnusable(this.image, this.log);
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sync.stop();
    await this.writer.whenNoted();
  }
}

interface Unusable {
  readonly openKfId: string;
  readonly corpId: string;
  readonly faults: readonly string[];
}

/**
 * Logs one line that names the stored registrations which cannot be used. Either another version stored them unchecked, or
 * the settings have changed since.
 */
async function tellUnusable(image: RegistryImage, log: Log): Promise<void> {
  const told: Unusable[] = [];
  let [looked, puppets] = [0, 0];
  for (const openKfId of image.openKfIds()) {
    if (++looked % LOOKED_AT_ONCE === 0) await setImmediate();
    const known = image.find(openKfId);
    const faults = known === null ? [] : faultsOf(known);
    if (known === null || faults.length === 0) continue;
    puppets++;
    if (told.length < TOLD_MAX) told.push({ openKfId, corpId: known.puppet.corpId, faults });
  }
  const reason =
    'they cannot be used as they are stored; let each puppet register again, with the fields in told corrected';
  if (puppets > 0) log.warn({ puppets, told, reason }, 'registry.unusable');
}

function faultsOf({ endpoint, pair, puppet }: KnownPuppet): string[] {
  const faults: string[] = [];
  if ('must' in endpoint) faults.push(`endpoint must ${endpoint.must}`);
  const hasKeys = puppet.callbackToken.reveal() !== '' || puppet.encodingAESKey.reveal() !== '';
  if (pair === null && hasKeys) {
    faults.push("token and encodingAESKey must have WeCom's form; these open no callback");
  }
  return faults;
}
