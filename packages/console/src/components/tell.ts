import { App } from 'antd';
import { useCallback } from 'react';

const SHOWN_S = 6;

/** Says what an action came to: read out, and seen for some seconds, or until the next one is said. */
export function useTell(): (text: string) => void {
  const { message } = App.useApp();
  return useCallback(
    (text: string) => void message.success({ content: text, key: 'told', duration: SHOWN_S }),
    [message],
  );
}
