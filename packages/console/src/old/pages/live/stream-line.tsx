import { t } from '../../i18n/language.js';
import type { DeliveryFeed } from './delivery-feed.js';

interface StreamLineProps {
  readonly feed: DeliveryFeed;
  readonly isPaused: boolean;
  readonly onPause: () => void;
}

/** Whether the stream runs, and the button that holds it. */
export function StreamLine({ feed, isPaused, onPause }: StreamLineProps) {
  const { live } = t();
  const { state, skipped, meanwhile } = feed;
  return (
    <div class="stream-line">
      <p class={`stream-state ${isPaused ? 'quiet' : TONES[state.kind]}`} role="status">
        <span class="dot" aria-hidden="true" />
        {isPaused ? live.paused : textOf(state)}
      </p>
      {isPaused && <span class="muted">{live.meanwhile(meanwhile)}</span>}
      <button type="button" class="button" aria-pressed={isPaused} onClick={onPause}>
        {isPaused ? live.resume : live.pause}
      </button>
      {skipped > 0 && <p class="muted small">{live.skipped(skipped)}</p>}
    </div>
  );
}

const TONES = { connecting: 'quiet', open: 'good', lost: 'wait' } as const;

function textOf(state: DeliveryFeed['state']): string {
  const { live } = t();
  switch (state.kind) {
    case 'connecting':
      return live.connecting;
    case 'open':
      return live.open(state.replica);
    case 'lost':
      return live.lost;
    default:
      return state satisfies never;
  }
}
