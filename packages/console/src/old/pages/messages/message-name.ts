import type { MessageAnswer } from '../../api/answers.gen.js';
import { t } from '../../i18n/language.js';

/** By type and account: it has no other name that may be shown. */
export function nameOf({ type, name, openKfId }: MessageAnswer): string {
  return t().messages.nameOf(type, name || openKfId);
}
