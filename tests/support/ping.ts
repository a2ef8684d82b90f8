/**
 * ping(8) that judges loss and not speed: with `-c` alone it waits for the last answers only twice as long as for the
 * slowest before, and a busy machine makes it report losses that there were none of.
 */

/** Words for `count` echo requests; `patience` seconds in all, however few answers come. */
export function pingWords(count: number, intervalS: number, patienceS: number): string[] {
  return ["-n", "-c", `${count}`, "-i", `${intervalS}`, "-w", `${Math.ceil(patienceS)}`];
}

/**
 * How many of the first `count` requests were answered. With `-w` ping goes on asking until it has so many answers, so
 * that the sequence numbers have to be looked at.
 */
export function answered(output: string, count: number): number {
  const numbers = [...output.matchAll(/bytes from .* icmp_seq=(\d+)/g)].map((found) => Number(found[1]));
  return new Set(numbers.filter((number) => number <= count)).size;
}
