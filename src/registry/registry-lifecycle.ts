import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { LOG, type Log } from '../kernel/log.js';
import { AccountPlaces } from './registration/account-places.js';
import { RegistrationWriter } from './registration/registration-writer.js';
import { RegistryImage } from './puppets/registry-image.js';
import { RegistrySync } from './sync/registry-sync.js';
import { tellUnusable } from './unusable.js';

/** Starts to follow the store, warns of unusable registrations once the image is loaded, and stops when all notes are written. */
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
