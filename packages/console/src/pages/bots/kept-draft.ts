import { useEffect, useState } from 'react';
import { interruption } from '../../session/session.js';
import { type Draft, draftFor, NEW_DRAFT } from './draft.js';
import { PROGRAMS } from './programs.js';

const NAME = 'wxkf.draft.bot';

/**
 * What somebody has typed of a new bot. A reload and a session that ends leave it; whoever leaves the page drops it. The Secret
 * and an agent's key stay in the page alone.
 */
export function useKeptDraft(): [draft: Draft, change: (changed: Partial<Draft>) => void] {
  const [draft, setDraft] = useState<Draft>(() => readDraft() ?? draftFromAddress());
  useEffect(() => write({ ...draft, corpSecret: '', agent: { ...draft.agent, key: '' } }), [draft]);
  useEffect(
    () => () => {
      if (interruption.value === null) write(null);
    },
    [],
  );
  return [draft, (changed) => setDraft((before) => ({ ...before, ...changed }))];
}

/** A link may name the app, or an account that needs a bot, also with a service that is to answer. */
function draftFromAddress(): Draft {
  const query = new URLSearchParams(location.search);
  const [corpId, openKfId] = [query.get('corpId') ?? '', query.get('openKfId')];
  if (corpId === '') return NEW_DRAFT;
  if (openKfId === null) return { ...NEW_DRAFT, corpId, step: 'accounts' };
  const draft = { ...NEW_DRAFT, corpId, picked: [openKfId] };
  const isAgent = query.get('program') === 'agent';
  return isAgent
    ? { ...draftFor('agent', draft), takesAllOthers: false, step: 'program' }
    : { ...draft, step: 'accounts' };
}

function readDraft(): Draft | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(NAME) ?? 'null') as Draft | null;
    // An update of the console may know other programs.
    const isKnown = kept !== null && (kept.program === null || Object.hasOwn(PROGRAMS, kept.program));
    return isKnown ? { ...NEW_DRAFT, ...kept } : null;
  } catch {
    return null;
  }
}

/** A browser may forbid it: the draft is this page's alone then. */
function write(draft: Draft | null): void {
  try {
    if (draft === null) sessionStorage.removeItem(NAME);
    else sessionStorage.setItem(NAME, JSON.stringify(draft));
  } catch {
    // Nothing is lost that was kept before.
  }
}
