import { Callbacks } from './callbacks.js';
import { Calls } from './calls.js';
import { Conversation } from './conversation.js';
import { Faults } from './faults.js';
import { type Panel, panel } from './links.js';
import { isConnected, refusal, view } from './server.js';
import { Servicers } from './servicers.js';
import { Setup } from './setup.js';
import { Sidebar } from './sidebar.js';
import { switchLanguage, t } from './words.js';

const PANELS = {
  callbacks: Callbacks,
  calls: Calls,
  servicers: Servicers,
  setup: Setup,
  faults: Faults,
} satisfies Record<Panel, unknown>;

export function App() {
  return (
    <>
      <header>
        <div>
          <h1>{t('title')}</h1>
          <p>{t('subtitle')}</p>
        </div>
        <button type="button" class="quiet" onClick={switchLanguage}>
          {t('language')}
        </button>
      </header>
      <div role="status" class="notices">
        {view.value !== null && !isConnected.value && <p class="notice bad">{t('lost')}</p>}
        {refusal.value !== '' && <p class="notice bad">{refusal.value}</p>}
      </div>
      {view.value === null ? <p class="loading">{t('loading')}</p> : <Panels />}
    </>
  );
}

function Panels() {
  const Shown = PANELS[panel.value];
  return (
    <main>
      <Sidebar />
      <Conversation />
      <section class="panel" aria-label={t(panel.value)}>
        <nav>
          {(Object.keys(PANELS) as Panel[]).map((name) => (
            <button
              key={name}
              type="button"
              class="tab"
              aria-current={panel.value === name}
              onClick={() => {
                panel.value = name;
              }}
            >
              {t(name)}
            </button>
          ))}
        </nav>
        <Shown />
      </section>
    </main>
  );
}
