import { useState } from 'preact/hooks';
import type { AppCreatedAnswer } from '../../api/answers.gen.js';
import { listApps } from '../../api/apps.js';
import { LeaveQuestion } from '../../components/leave-question.js';
import { Loaded } from '../../components/loaded.js';
import { usePolled } from '../../data/polled.js';
import { t } from '../../i18n/language.js';
import { AppSteps, isAnswering } from './app-steps.js';
import { LastRefusal } from './last-refusal.js';
import { PasteSection } from './paste-section.js';

const EVERY_MS = 1_500;

/** What to paste into WeCom, and whether it has worked. */
export function ConnectedApp({ created }: { readonly created: AppCreatedAnswer }) {
  const { apps } = t();
  const [isSaved, setSaved] = useState(false);
  const polled = usePolled('apps', listApps, EVERY_MS);
  return (
    <div class="cards">
      <PasteSection created={created} isSaved={isSaved} onSaved={() => setSaved(true)} />
      <section class="card">
        <h2>{apps.steps}</h2>
        <Loaded of={polled}>
          {(list) => {
            const app = list.find(({ id }) => id === created.id) ?? created;
            return (
              <>
                <AppSteps app={app} />
                <div role="status">
                  {isAnswering(app) && <p class="banner good">{apps.done}</p>}
                  <LastRefusal app={app} />
                </div>
              </>
            );
          }}
        </Loaded>
      </section>
      {!isSaved && <LeaveQuestion title={apps.leaveAsk} text={apps.once} run={apps.leaveRun} />}
    </div>
  );
}
