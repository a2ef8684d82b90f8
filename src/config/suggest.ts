/** Steps from one word to the other: insert, delete, replace, swap neighbours; counted to `limit` + 1 at most. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let steps = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) steps = Math.min(steps, beforeLast[j - 2]! + 1);
      row.push(steps);
    }
    [beforeLast, last] = [last, row];
  }
  return Math.min(last[b.length]!, limit + 1);
}

/** Longest word for which a likeness is looked for. */
const MAX_WORD = 32;

/** The candidate that is closest to a misspelt word; undefined where none is close. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length < 2 || word.length > MAX_WORD) return undefined;
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestSteps = wanted.length <= 3 ? 1 : wanted.length <= 6 ? 2 : 3;
  for (const candidate of candidates) {
    const steps = editDistance(wanted, candidate, bestSteps);
    if (steps < bestSteps || (steps === bestSteps && best === undefined)) {
      [best, bestSteps] = [candidate, steps];
    }
  }
  return best;
}
