import { useEffect } from 'preact/hooks';
import { notice } from '../data/notices.js';
import { t } from '../i18n/language.js';
import { Icon } from './icon.js';

const SHOWN_MS = 8_000;

/** Where the result of an action is read out and seen. */
export function NoticeArea() {
  const shown = notice.value;
  useEffect(() => {
    if (shown === null) return;
    const timer = setTimeout(() => {
      notice.value = null;
    }, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <div class="notices" role="status">
      {shown !== null && (
        <div class="notice" key={shown.id}>
          <span>{shown.text}</span>
          <button
            type="button"
            class="button bare"
            aria-label={t().common.close}
            onClick={() => {
              notice.value = null;
            }}
          >
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  );
}
