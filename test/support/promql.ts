/** What an expression asks for, as far as a test needs it: this is no parser of PromQL. */

const SELECTOR = /\b((?:wxkf_|nodejs_|process_|job:wxkf_)\w+(?::\w+)?|up)\b(?:\{([^}]*)\})?/g;
const ALTERNATIVES = /^(\w+)=~"(\w+(?:\|\w+)+)"$/;

/**
 * Each metric with the labels that it has to have, once for every alternative of `label=~"a|b"`: so a value that does
 * not exist is not hidden by one that does. `label!="a"` asks for the label.
 */
export function selectorsOf(expr: string): string[] {
  return [...expr.matchAll(SELECTOR)].flatMap(([, metric = '', labels = '']) =>
    combinations(labels.split(/,(?=\w+[=!])/).map(formsOf)).map(
      (matchers) => `${metric}{${matchers.join(',')}}`,
    ),
  );
}

function formsOf(matcher: string): string[] {
  const [, label, alternatives] = ALTERNATIVES.exec(matcher) ?? [];
  if (alternatives !== undefined) return alternatives.split('|').map((value) => `${label}="${value}"`);
  const [, unequal] = /^(\w+)!/.exec(matcher) ?? [];
  return unequal === undefined ? [matcher] : [matcher, `${unequal}!=""`];
}

/** One of each. */
function combinations(choices: readonly string[][]): string[][] {
  return choices.reduce<string[][]>(
    (rows, forms) => rows.flatMap((row) => forms.map((form) => [...row, form])),
    [[]],
  );
}
