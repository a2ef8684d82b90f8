/** Messages as text for people, in the words of the RFCs. */
import { formatEndpoint } from "../../src/ip/mod.ts";
import { describeInDetail } from "../../src/wire/mod.ts";
import { type Dissected, type Found, timeText } from "./message.ts";
import type { Opened } from "./opener.ts";

/** Octets of KE, nonces, AUTH and the like too. */
const ALL = { octets: true } as const;

/** One message: a line that says where it was found, then one for each part of it; no newline at the end. */
export function messageText({ found, decoded, opened }: Dissected): string {
  const { header, payloads, error } = decoded;
  const last = payloads.at(-1);
  const sealed = last?.type === "SK" || last?.type === "SKF" ? [last] : [];
  const open = payloads.slice(0, payloads.length - sealed.length);
  const outer = describeInDetail(header === undefined ? { payloads: open } : { header, payloads: open }, ALL);
  const lines = [`${placeText(found)} ${outer}`.trimEnd()];
  // Nobody reads ciphertext.
  if (sealed.length > 0) lines.push(describeInDetail({ payloads: sealed }));
  if (opened !== undefined) lines.push(...openedLines(opened));
  if (error !== undefined) lines.push(describeInDetail({ payloads: [], error }));
  return lines.join("\n");
}

function placeText({ frame, timeNs, source, destination, file }: Found): string {
  if (source === undefined || destination === undefined) return `${file ?? frame}:`;
  const time = timeNs === undefined ? undefined : timeText(timeNs);
  const ends = `${formatEndpoint(source)} > ${formatEndpoint(destination)}:`;
  return [String(frame), ...(time === undefined ? [] : [time]), ends].join(" ");
}

function openedLines({ payloads, fragments, error }: Opened): string[] {
  const lines: string[] = [];
  if (payloads !== undefined) {
    const inner = payloads.length === 0 ? ["  no payloads"] : [describeInDetail({ payloads }, ALL)];
    lines.push(...inner.flatMap((text) => text.split("\n")).map((line) => `  ${line}`));
  }
  if (fragments !== undefined) {
    lines.push(`    decrypted: ${fragments.seen} of ${fragments.total} fragments seen`);
  }
  if (error !== undefined) lines.push(`    at octet ${error.octet}: ${error.message}`);
  return lines;
}
