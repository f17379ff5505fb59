import { Button, type ButtonProps } from 'antd';
import { t } from '../i18n/language.js';
import { useIsReader } from '../session/session.js';

/** A button that changes something, which a reader may not do. */
export function ChangeButton(props: ButtonProps) {
  const refusal = useIsReader() ? { disabled: true, title: t().session.isReader } : {};
  return <Button {...props} {...refusal} />;
}
