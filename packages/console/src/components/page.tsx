import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../i18n/language.js';
import { takesFocus } from './heading-focus.js';

interface PageProps {
  readonly title: string;
  readonly intro?: string;
  /** Beside the title. */
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A page names itself in the window's title, and its heading takes the focus when one comes to it. */
export function Page({ title, intro, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { product } = t().common;
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  // Before it is seen: it takes the focus from nothing that somebody has gone to.
  useLayoutEffect(() => {
    if (takesFocus()) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <>
      <div class="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {intro !== undefined && <p class="muted">{intro}</p>}
        </div>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}
