import { assertGolden, transcript } from "../support/golden.ts";
import { Ladder } from "../support/ladder.ts";
import { ESP_MAC, IKE_MAC, sideA, sideB, withKe } from "../support/policies.ts";

Deno.test("golden: a tunnel with AEADs, a rekey of the Child SA and one of the IKE SA, and the end", async () => {
  const ladder = await Ladder.connected({
    a: sideA({ policy: { childLifetime: { ms: 60_000, octets: 0 } } }),
    b: sideB({ policy: { ikeLifetimeMs: 90_000 } }),
  });
  const { pair } = ladder;
  await pair.advance(88_000);
  await pair.during(pair.a.engine.shutdown());
  await assertGolden("aead", transcript(pair));
});

Deno.test("golden: a tunnel with cipher, MAC and PFS through a NAT", async () => {
  const policy = { ikeProposals: [IKE_MAC], childProposals: [withKe(ESP_MAC, 31)] };
  const ladder = await Ladder.connected({
    a: sideA({ policy: { ...policy, childLifetime: { ms: 60_000, octets: 0 } } }),
    b: sideB({ policy }),
    nat: "a",
  });
  const { pair } = ladder;
  await pair.advance(61_000);
  await pair.during(pair.b.engine.shutdown());
  await assertGolden("mac_pfs_nat", transcript(pair));
});
