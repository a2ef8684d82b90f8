/** Whether memory is flat: the straight line through samples of it. */

/** Resident octets at a time. */
export interface Sample {
  readonly seconds: number;
  readonly octets: number;
}

/** Octets a second, by least squares. */
export function slopeOf(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
  const middle = mean(samples.map(({ seconds }) => seconds)),
    level = mean(samples.map(({ octets }) => octets));
  let above = 0, below = 0;
  for (const { seconds, octets } of samples) {
    above += (seconds - middle) * (octets - level);
    below += (seconds - middle) ** 2;
  }
  return above / below;
}
