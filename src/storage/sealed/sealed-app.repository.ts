import { SealError, type Sealer } from '../../crypto/sealer.js';
import type { Log } from '../../kernel/log.js';
import type { App, ListedApp } from '../../registry/apps/app.js';
import { AppRepository } from '../../registry/apps/app.repository.js';
import { openApp, sealApp, withoutAppSecrets } from './app-secrets.js';
import { MissingKeys } from './missing-keys.js';

/**
 * Seals secrets before an adapter stores them, and opens them afterwards. As with puppets, the manager does not
 * start on a store whose key is missing. Later, an app that cannot be opened is known without its secrets, and
 * the log says so once.
 */
export class SealedAppRepository extends AppRepository {
  #hasLoaded = false;
  /** Apps already reported as unreadable. */
  readonly #closed = new Set<string>();

  constructor(
    private readonly inner: AppRepository,
    private readonly sealer: Sealer,
    private readonly log: Log,
  ) {
    super();
  }

  override async load(): Promise<readonly App[]> {
    const missing = this.#hasLoaded ? null : new MissingKeys('app');
    const apps = (await this.inner.load()).map((app) => this.#open(app, missing));
    if (missing !== null && !missing.isEmpty) throw missing.toError(this.sealer.hasKeys);
    this.#hasLoaded = true;
    return apps;
  }

  override list(): Promise<readonly ListedApp[]> {
    return this.inner.list();
  }

  override async add(app: App): Promise<boolean> {
    return this.inner.add(sealApp(app, this.sealer));
  }

  override async replace(app: App): Promise<void> {
    return this.inner.replace(sealApp(app, this.sealer));
  }

  override remove(id: string): Promise<boolean> {
    return this.inner.remove(id);
  }

  override markVerified(id: string, nowMs: number): Promise<void> {
    return this.inner.markVerified(id, nowMs);
  }

  /** @param missing collects the missing keys, instead of a log line. */
  #open(app: App, missing: MissingKeys | null): App {
    try {
      const opened = openApp(app, this.sealer);
      this.#closed.delete(app.id);
      return opened;
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      if (missing !== null && error.isKeyUnknown) missing.add(error.keyId);
      else this.#sayClosed(app, error);
      return withoutAppSecrets(app);
    }
  }

  #sayClosed({ id, corpId }: App, { keyId, isKeyUnknown }: SealError): void {
    if (this.#closed.has(id)) return;
    this.#closed.add(id);
    const reason = isKeyUnknown
      ? 'SECRETS_KEY does not have this key; add it, or delete the app and add it again'
      : 'the record was changed or moved by someone else; delete the app and add it again';
    this.log.error({ appId: id, corpId, keyId, reason }, 'secrets.cannot_open');
  }
}
