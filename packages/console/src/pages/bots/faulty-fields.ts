import { type RefObject, useEffect, useRef } from 'react';

/** Which fields of `root` the manager refused, by their paths: `session.welcome.menu.choices[0].text`. */
export function faultyFields(error: Error | null, root: 'session' | 'agent'): ReadonlySet<string> {
  const words = error?.message.split(/[;,:]? /) ?? [];
  return new Set(words.filter((word) => word.startsWith(`${root}.`)));
}

/** The form. Once something is refused, its first faulty field has the focus, also where it was hidden. */
export function useFaultFocus(error: Error | null): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error === null) return;
    const field = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    field?.closest('details')?.toggleAttribute('open', true);
    field?.focus();
  }, [error]);
  return form;
}
