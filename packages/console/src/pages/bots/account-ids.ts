/** In place of accounts: all of the corp that no other bot and no registration has. */
export const ALL_OTHERS = '*';

/** Account ids as somebody pasted them: by lines, blanks or commas of any language, each once. */
export function readAccountIds(text: string): readonly string[] {
  return [...new Set(text.split(/[\s,;，、；]+/).filter((id) => id !== ''))];
}
