import { Modal } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { navigate } from 'wouter/use-browser-location';
import { t } from '../i18n/language.js';

interface LeaveQuestionProps {
  readonly title: string;
  /** What is lost by it. */
  readonly text: string;
  readonly run: string;
}

/** What a step in the browser's history does while the question is there. */
let onStep: ((event: PopStateEvent) => void) | null = null;
// Before the router listens: at the window listeners are called in the order in which they came.
addEventListener('popstate', (event) => onStep?.(event));

/** While it is there nobody leaves the page without being asked; where the browser itself asks, in its own words. */
export function LeaveQuestion({ title, text, run }: LeaveQuestionProps) {
  const [leave, setLeave] = useState<(() => void) | null>(null);
  const isLeaving = useRef(false);

  useEffect(() => {
    const here = location.pathname + location.search;
    const end = new AbortController();
    const options = { capture: true, signal: end.signal };
    const ask = (go: () => void): void =>
      setLeave(() => () => {
        isLeaving.current = true;
        go();
      });
    // Before the router has it.
    const click = (event: MouseEvent): void => {
      const leaving = isLeaving.current ? null : leavingOf(event);
      if (leaving === null) return;
      event.preventDefault();
      event.stopPropagation();
      ask(() => leaving.click());
    };
    const step = (event: PopStateEvent): void => {
      const target = location.pathname + location.search;
      if (target === here || isLeaving.current) return;
      event.stopImmediatePropagation();
      history.pushState(null, '', here);
      ask(() => navigate(target));
    };
    const unload = (event: BeforeUnloadEvent): void => {
      if (!isLeaving.current) event.preventDefault();
    };
    addEventListener('click', click, options);
    onStep = step;
    addEventListener('beforeunload', unload, options);
    return () => {
      end.abort();
      onStep = null;
    };
  }, []);

  return (
    <Modal
      open={leave !== null}
      title={title}
      scrollLock={false}
      okText={run}
      okButtonProps={{ danger: true }}
      cancelText={t().common.cancel}
      onOk={() => leave?.()}
      onCancel={() => setLeave(null)}
    >
      {text}
    </Modal>
  );
}

/** @returns what was clicked that leaves the page; null for anything else, and where it opens another tab. */
function leavingOf({ target, button, ctrlKey, metaKey, altKey, shiftKey }: MouseEvent): HTMLElement | null {
  if (button !== 0 || ctrlKey || metaKey || altKey || shiftKey || !(target instanceof Element)) return null;
  return target.closest<HTMLElement>('a[href]:not([href^="#"]):not([target="_blank"]), [data-leaves]');
}
