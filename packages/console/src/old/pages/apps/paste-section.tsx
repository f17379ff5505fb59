import { useId, useRef, useState } from 'preact/hooks';
import type { AppCreatedAnswer } from '../../api/answers.gen.js';
import { CopyField } from '../../components/copy-field.js';
import { t } from '../../i18n/language.js';

interface PasteSectionProps {
  readonly created: AppCreatedAnswer;
  readonly isSaved: boolean;
  /** Token and key are elsewhere, too: both were copied, or somebody says so. */
  readonly onSaved: () => void;
}

/** What WeCom's admin page asks for. */
export function PasteSection({ created, isSaved, onSaved }: PasteSectionProps) {
  const { apps } = t();
  const secrets = useRef(new Set<'token' | 'key'>());
  const copied = (secret: 'token' | 'key'): void => {
    if (secrets.current.add(secret).size === 2) onSaved();
  };
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
      <CopyField label={apps.token} value={created.token} onCopied={() => copied('token')} />
      <CopyField label={apps.key} value={created.encodingAESKey} onCopied={() => copied('key')} />
      {isSaved ? (
        <p class="banner good small" role="status">
          {apps.saved}
        </p>
      ) : (
        <div class="banner wait small">
          <p>{apps.once}</p>
          <button type="button" class="button" onClick={onSaved}>
            {apps.haveSaved}
          </button>
        </div>
      )}
      <p class="small muted">{apps.paste}</p>
    </section>
  );
}
