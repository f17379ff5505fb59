import { useId, useState } from 'preact/hooks';
import type { AppCreatedAnswer } from '../../../../src/api/answers/app.js';
import { listApps } from '../../api/apps.js';
import { CopyField } from '../../components/copy-field.js';
import { Loaded } from '../../components/loaded.js';
import { usePolled } from '../../data/polled.js';
import { t } from '../../i18n/language.js';
import { AppSteps, isAnswering } from './app-steps.js';

const EVERY_MS = 1_500;

/** What to paste into WeCom, and whether it has worked. */
export function ConnectedApp({ created }: { readonly created: AppCreatedAnswer }) {
  const { apps } = t();
  const polled = usePolled('apps', listApps, EVERY_MS);
  return (
    <div class="cards">
      <PasteSection created={created} />
      <section class="card">
        <h2>{apps.steps}</h2>
        <Loaded of={polled}>
          {({ items }) => {
            const app = items.find(({ id }) => id === created.id) ?? created;
            return (
              <>
                <AppSteps app={app} />
                <div role="status">{isAnswering(app) && <p class="banner good">{apps.done}</p>}</div>
              </>
            );
          }}
        </Loaded>
      </section>
    </div>
  );
}

function PasteSection({ created }: { readonly created: AppCreatedAnswer }) {
  const { apps } = t();
  const id = useId();
  const [address, setAddress] = useState(location.origin);
  return (
    <section class="card">
      <div class="field">
        <label for={id}>{apps.publicAddress}</label>
        <input
          id={id}
          class="mono"
          type="url"
          aria-describedby={`${id}-hint`}
          value={address}
          onInput={({ currentTarget }) => setAddress(currentTarget.value)}
        />
        <p id={`${id}-hint`} class="small muted">
          {apps.publicAddressHint}
        </p>
      </div>
      <CopyField
        label={apps.callbackUrl}
        value={`${address.trim().replace(/\/+$/, '')}${created.callbackPath}`}
      />
      <CopyField label={apps.token} value={created.token} />
      <CopyField label={apps.key} value={created.encodingAESKey} />
      <p class="banner wait small">{apps.once}</p>
      <p class="small muted">{apps.paste}</p>
    </section>
  );
}
