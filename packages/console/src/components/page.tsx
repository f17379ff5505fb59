import { type ReactNode, useEffect, useRef } from 'react';
import { t } from '../i18n/language.js';

/** The browser begins the first page by itself; every later one gives its heading the focus. */
let isFirst = true;

interface PageProps {
  readonly title: string;
  /** Beside the title; a filter bar stands below it. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A page names itself in the window's title and in its heading. */
export function Page({ title, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { product } = t().common;
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  useEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    isFirst = false;
  }, []);
  return (
    <>
      <div className="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <div className="actions">{actions}</div>
      </div>
      {children}
    </>
  );
}

/** What was seen first is no `Page`: the page after it has its heading focused. */
export function noteFirstPage(): void {
  isFirst = false;
}

/** Keyboard users go on from the heading when the focused element is gone. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>('h1[tabindex]')?.focus({ preventScroll: true });
}
