import { createPortable } from "../../src/crypto/mod.ts";
import { conformance } from "./conformance.ts";

/** What no IKE SA may use, and what no peer has; sntrup761x25519 nobody has here. */
const lacks = ["blowfish", "cast", "ec155", "ec185", "sntrup761x25519"];

conformance({ name: "portable", make: createPortable, lacks });
