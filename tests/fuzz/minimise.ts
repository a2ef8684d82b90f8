/** Makes what failed smaller: fewer inputs, fewer octets, more zeros, as long as it fails in the same way. */

/** Whether these inputs, in this order, fail as the first ones did. */
export type Fails = (inputs: readonly Uint8Array[]) => Promise<boolean>;

/** Inputs that may be fed again for it, and replays, each of which needs fresh state. */
const MOST = { inputs: 500_000, replays: 3_000 };

/** Takes away ever smaller pieces of a list that are not needed. */
async function reduce<T>(list: readonly T[], fails: (rest: readonly T[]) => Promise<boolean>): Promise<T[]> {
  let kept = [...list];
  for (let size = Math.max(kept.length >> 1, 1);; size >>= 1) {
    for (let at = Math.max(kept.length - size, 0);; at -= size) {
      const from = Math.max(at, 0);
      const rest = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (rest.length < kept.length && await fails(rest)) kept = rest;
      if (from === 0) break;
    }
    if (size === 1) return kept;
  }
}

/** The smallest inputs found that fail in the same way; those given, where they do not fail again. */
export async function minimise(
  inputs: readonly Uint8Array[],
  fails: Fails,
): Promise<readonly Uint8Array[]> {
  const left = { ...MOST };
  const still: Fails = async (candidate) => {
    left.inputs -= candidate.length;
    return left.inputs >= 0 && left.replays-- > 0 && await fails(candidate);
  };
  const last = inputs.slice(-1);
  let kept: readonly Uint8Array[] = inputs;
  if (await still(last)) kept = last;
  else if (await still(inputs)) kept = await reduce(inputs, still);
  else return inputs;
  for (let index = 0; index < kept.length; index++) {
    const put = (octets: readonly number[]) =>
      kept.map((one, at) => at === index ? Uint8Array.from(octets) : one);
    const shorter = await reduce([...kept[index]!], (octets) => still(put(octets)));
    kept = put(shorter);
    for (const [at, octet] of shorter.entries()) {
      if (octet === 0) continue;
      const simpler = shorter.with(at, 0);
      if (!await still(put(simpler))) continue;
      shorter[at] = 0;
      kept = put(simpler);
    }
  }
  return kept;
}
