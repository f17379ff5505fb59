import { Drawer } from 'antd';
import type { ReactNode } from 'react';
import { t } from '../i18n/language.js';

const WIDTH = 'min(640px, 100vw)';

interface SidePanelProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** One record of the list behind it, which stays where it is. Escape closes it. */
export function SidePanel({ title, isOpen, onClose, actions, children }: SidePanelProps) {
  return (
    <Drawer
      open={isOpen}
      title={title}
      size={WIDTH}
      // In its own place nothing locks the page, whose styles would be inline; the CSP forbids them.
      getContainer="#layers"
      destroyOnHidden
      closable={{ 'aria-label': t().common.close }}
      extra={actions}
      onClose={onClose}
    >
      {children}
    </Drawer>
  );
}
