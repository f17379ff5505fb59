import { useEffect, useRef } from 'preact/hooks';
import { follow, followed, type Panel } from './links.js';
import { t } from './words.js';

interface LinkProps {
  readonly to: 'callbacks' | 'calls';
  readonly id: number;
}

/** To the callback or the call of that number. */
export function RecordLink({ to, id }: LinkProps) {
  return (
    <button type="button" class="quiet" onClick={() => follow(to, id)}>
      {t(to === 'callbacks' ? 'callbackNumber' : 'callNumber')} {id}
    </button>
  );
}

/** For a record: comes into sight when somebody follows a link to it. */
export function useFollowed(panel: Panel, id: number) {
  const item = useRef<HTMLLIElement>(null);
  const { value } = followed;
  const isIt = value?.panel === panel && value.id === id;
  useEffect(() => {
    if (isIt) item.current?.scrollIntoView({ block: 'nearest' });
  }, [isIt, value]);
  return { ref: item, class: isIt ? 'followed' : '' };
}
