import { useEffect, useRef } from 'preact/hooks';

/** A part of a page that a link names after `#`: it comes with what was loaded, after the browser has looked for it. */
export function useScrolledTo<T extends HTMLElement>(name: string) {
  const part = useRef<T>(null);
  useEffect(() => {
    if (location.hash !== `#${name}`) return;
    part.current?.scrollIntoView({ block: 'start' });
    part.current?.querySelector<HTMLElement>('input, select, button')?.focus({ preventScroll: true });
  }, [name]);
  return part;
}
