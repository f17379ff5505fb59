/** More letters wrong, and it is another word. */
const DISTANCE_MAX = 3;

/** The one of `known` that was probably meant; `null` where none is near. */
export function nearestTo(word: string, known: readonly string[]): string | null {
  const longer = word.length < 2 ? undefined : known.find((name) => name.startsWith(word));
  if (longer !== undefined) return longer;
  const near = known
    .map((name) => ({ name, distance: distanceOf(word, name) }))
    .filter(({ name, distance }) => distance <= Math.min(DISTANCE_MAX, name.length / 2))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.name ?? null;
}

/** How many letters to insert, leave out or change (Levenshtein). */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [at, letter] of [...a].entries()) {
    const next = [at + 1];
    for (let to = 1; to <= b.length; to++) {
      const change = (row[to - 1] ?? 0) + (letter === b[to - 1] ? 0 : 1);
      next.push(Math.min(change, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
