import { Component, type ComponentChildren } from 'preact';
import { t } from '../i18n/language.js';

interface Fallen {
  readonly error: Error | null;
}

/** A fault of this program leaves a page that says so, and never an empty one. */
export class ErrorBoundary extends Component<{ readonly children: ComponentChildren }, Fallen> {
  override state: Fallen = { error: null };

  static override getDerivedStateFromError(error: Error): Fallen {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const { problem } = t().common;
    return (
      <main class="alone">
        <h1>{problem.broken}</h1>
        <p role="alert">{problem.brokenText}</p>
        <pre class="mono small">{String(error)}</pre>
        <button type="button" class="button primary" onClick={() => location.reload()}>
          {problem.reload}
        </button>
      </main>
    );
  }
}
