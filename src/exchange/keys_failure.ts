import type { KeysError } from "../auth/requests.ts";
import type { Failure } from "./reasons.ts";

/** What the holder of keys could not do, as the log and the peer learn of it. */
export function keysFailure(error: KeysError): Failure {
  switch (error.code) {
    case "bad-public-value":
      return { code: "bad-public-value", wanted: "a public value as RFC 6989 asks", got: "another" };
    case "bad-auth":
      return { code: "auth-failed", wanted: "AUTH made with our pre-shared key", got: "another" };
    case "wrong-method":
      return { code: "auth-method", wanted: `method ${error.wanted}`, got: `method ${error.got}` };
    case "too-many":
      return { code: "keys-full", wanted: "room for another key", got: "none" };
    default:
      return { code: "keys", got: error.code };
  }
}
