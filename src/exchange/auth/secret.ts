/** Which secret an exchange names to the key holder. */
import type { SecretRef } from "../../bytes/mod.ts";
import type { AuthSpec } from "../../policy/types.ts";

/** A name that no secret has: what is asked with it fails as with a secret that is gone. */
const NONE = "" as SecretRef;

/** The pre-shared key of a policy. Other methods have none: the daemon does not start with them. */
export function presharedKey(auth: AuthSpec): SecretRef {
  return auth.method === "psk" ? auth.secret : NONE;
}
