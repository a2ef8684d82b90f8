/** What the kernel says over rtnetlink: dumps, answers, errors. */
import assert from "node:assert/strict";
import {
  parseAddress,
  parseAttributes,
  parseLink,
  parseMessages,
  parseOutcome,
  parseRoute,
  parseRule,
} from "../../../src/datapath/rtnetlink/mod.ts";
import { ANSWERS } from "../../datapath/rtnetlink/captured.ts";
import { damage, pick, splice } from "../../support/mutate.ts";
import { hex } from "../../support/vectors.ts";
import type { Target } from "../target.ts";

function parse(octets: Uint8Array): string {
  const messages = parseMessages(octets);
  let understood = 0, length = 0;
  for (const message of messages) {
    length += 16 + message.body.length;
    parseAttributes(message.body);
    const values = [parseLink, parseAddress, parseRoute, parseRule].map((read) => read(message));
    const outcome = parseOutcome(message);
    if (outcome !== undefined) assert.ok(Number.isInteger(outcome.errno));
    if (outcome !== undefined || values.some((value) => value !== undefined)) understood++;
  }
  assert.ok(length <= octets.length, "Messages overlap");
  return understood > 0 ? "understood" : "nothing";
}

export default function load(): Target {
  const corpus = Object.values(ANSWERS).map(hex);
  return {
    name: "netlink",
    says: "damaged answers of the kernel into the rtnetlink reader",
    inputs: 500,
    reaches: ["understood", "nothing"],
    generate: (rng) => {
      const reply = pick(corpus, rng);
      return damage(rng.chance(0.2) ? splice(reply, pick(corpus, rng), rng) : reply, rng);
    },
    open: () => ({ feed: parse }),
  };
}
