/** The simulator, as the page sees it: the view that it sends at each change, and what can be done there. */
import { signal } from '@preact/signals';
import type { View } from '../../control/view.js';

export const view = signal<View | null>(null);
export const isConnected = signal(false);
/** The simulator's own words about what it refused; `''` while there is nothing. */
export const refusal = signal('');

/** To stand before what is of an app; `''` where there is only one. */
export function ofApp(name: string): string {
  return (view.value?.apps.length ?? 0) > 1 && name !== '' ? `${name} · ` : '';
}

export function connect(): void {
  const stream = new EventSource('/simulator/stream');
  stream.addEventListener('view', ({ data }) => {
    view.value = JSON.parse(data);
    isConnected.value = true;
  });
  // It connects again by itself.
  stream.addEventListener('error', () => {
    isConnected.value = false;
  });
}

/** @returns `null` when it was refused or nobody answered, which `refusal` then tells. */
export function command<T>(name: string, fields: object): Promise<T | null> {
  return post<T>(name, JSON.stringify(fields), 'application/json');
}

export function sendFile(
  type: string,
  file: File,
  between: Readonly<Record<string, string>>,
): Promise<unknown> {
  const query = new URLSearchParams({ ...between, type, fileName: file.name });
  return post(`file?${query}`, file, file.type || 'application/octet-stream');
}

async function post<T>(target: string, body: string | File, contentType: string): Promise<T | null> {
  try {
    const response = await fetch(`/simulator/${target}`, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body,
    });
    const answer = await response.json();
    refusal.value = response.ok ? '' : answer.message;
    return response.ok ? answer : null;
  } catch {
    refusal.value = 'The simulator does not answer.';
    return null;
  }
}
