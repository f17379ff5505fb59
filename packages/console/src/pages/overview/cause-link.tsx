import type { CauseWords } from './cause-words.js';

export function CauseLink({ of: { link } }: { readonly of: CauseWords }) {
  if (link === undefined) return null;
  return (
    <a class="button" href={link.to}>
      {link.text}
    </a>
  );
}
