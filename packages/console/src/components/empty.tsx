import type { ComponentChildren } from 'preact';

interface EmptyProps {
  readonly title: string;
  readonly text: string;
  /** Whether it is good news. */
  readonly isGood?: boolean;
  readonly children?: ComponentChildren;
}

/** A list without anything in it says what that means. */
export function Empty({ title, text, isGood = false, children }: EmptyProps) {
  return (
    <div class={isGood ? 'empty good' : 'empty'}>
      <p class="empty-title">{title}</p>
      <p class="muted">{text}</p>
      {children}
    </div>
  );
}
