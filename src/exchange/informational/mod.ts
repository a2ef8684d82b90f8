/** INFORMATIONAL exchanges that the peer begins (RFC 7296 §1.4). */
export * from "./respond.ts";
