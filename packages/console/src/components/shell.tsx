import type { ComponentChildren } from 'preact';
import { lostSinceMs } from '../api/connection.js';
import { getStatus } from '../api/status.js';
import { usePolled } from '../data/polled.js';
import { StatusContext } from '../data/status-context.js';
import { t } from '../i18n/language.js';
import { Navigation } from './navigation.js';

const STATUS_EVERY_MS = 3_000;

/** What stands around every page, and the status that all of them have. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  const status = usePolled('status', getStatus, STATUS_EVERY_MS);
  return (
    <StatusContext.Provider value={status}>
      <div class="shell">
        <div class="side">
          <Navigation />
          <footer class="side-foot small muted">
            <a href="/docs">{t().common.apiDocument}</a>
            {status.data !== null && <span>{status.data.version}</span>}
          </footer>
        </div>
        <main id="main" class={lostSinceMs.value === null ? 'main' : 'main old'} tabIndex={-1}>
          {children}
        </main>
      </div>
    </StatusContext.Provider>
  );
}
