/** W018: a `srcid` that no installed certificate bears: peers compare the two, and refuse us (RFC 7296 §2.15, RFC 4945 §3.1). */
import { formatIdentity, identityKey } from "../../policy/identity.ts";
import type { Identity } from "../../policy/types.ts";
import { type Diagnostics, WARNINGS } from "../diagnostics.ts";
import { closest } from "../suggest.ts";
import { placeOf, type Subject } from "./subject.ts";

/** What a certificate says whose it is: its subject, and its subject alternative names. */
export interface InstalledCertificate {
  readonly file: string;
  readonly identities: readonly Identity[];
}

/** Names in a message before the list is cut. */
const MAX_NAMES = 6;

/** Warns of them. Without any certificate our raw public key may be what peers have. */
export function lintCertificates(
  subjects: readonly Subject[],
  certificates: readonly InstalledCertificate[],
  diagnostics: Diagnostics,
): void {
  if (certificates.length === 0) return;
  const all = certificates.flatMap(({ identities }) => identities);
  const borne = new Set(all.map(identityKey));
  const names = [...new Set(all.map(formatIdentity))];
  const list = names.length <= MAX_NAMES
    ? names.join(", ")
    : `${names.slice(0, MAX_NAMES).join(", ")} and ${names.length - MAX_NAMES} more`;
  for (const subject of subjects) {
    const { policy: { auth, localId }, node } = subject;
    if (auth.method === "psk" || borne.has(identityKey(localId))) continue;
    const own = formatIdentity(localId);
    const which = node.srcid === undefined ? `our identity ${own} (the host's name: there is no srcid)` : own;
    const message = `no certificate in certs/ bears ${which}; there are: ${
      list === "" ? "none with a name" : list
    }`;
    diagnostics.warn(
      WARNINGS.noCertificate,
      node.srcid?.place ?? placeOf(subject),
      message,
      closest(own, names),
    );
  }
}
