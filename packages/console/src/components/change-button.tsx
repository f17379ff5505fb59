import type { ComponentProps } from 'preact';
import { t } from '../i18n/language.js';
import { isReader } from '../session/session.js';

/** A button for what changes something, which a reader may not do. */
export function ChangeButton(props: ComponentProps<'button'>) {
  const refusal = isReader() ? { disabled: true, title: t().session.isReader } : {};
  return <button type="button" {...props} {...refusal} />;
}
