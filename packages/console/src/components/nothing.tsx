import type { ReactNode } from 'react';

interface NothingProps {
  readonly title: string;
  readonly text: string;
  /** What to do next. */
  readonly children?: ReactNode;
}

/** Says in an empty list why it is empty, and what to do next. */
export function Nothing({ title, text, children }: NothingProps) {
  return (
    <div className="nothing">
      <strong>{title}</strong>
      <p>{text}</p>
      <div className="actions">{children}</div>
    </div>
  );
}
