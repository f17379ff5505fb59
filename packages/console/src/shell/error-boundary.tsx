import { Button } from 'antd';
import { Component, type ReactNode } from 'react';
import { t } from '../i18n/language.js';

interface Fallen {
  readonly error: Error | null;
}

/** A fault of this program leaves a page that says so, and never an empty one. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, Fallen> {
  override state: Fallen = { error: null };

  static getDerivedStateFromError(error: Error): Fallen {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const { problem } = t().common;
    return (
      <main className="alone">
        <h1>{problem.broken}</h1>
        <p role="alert">{problem.brokenText}</p>
        <pre className="mono small">{String(error)}</pre>
        <Button type="primary" onClick={() => location.reload()}>
          {problem.reload}
        </Button>
      </main>
    );
  }
}
