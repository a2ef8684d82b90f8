/** What a negotiation agreed on, as the key schedule needs it (RFC 7296 §2.14, §2.17). */
import type { EncrChoice } from "./provider.ts";

/** What was agreed for an IKE SA; `integ` is absent with an AEAD. */
export interface IkeSuite {
  readonly encr: EncrChoice;
  readonly prf: number;
  readonly integ?: number;
  readonly ke: number;
}

/** What was agreed for a Child SA; `ke` is absent or 0 without PFS, `encr` absent for AH. */
export interface ChildSuite {
  readonly protocol: 2 | 3;
  readonly encr?: EncrChoice;
  readonly integ?: number;
  readonly ke?: number;
  readonly esn: boolean;
}
