/** Whether a silent peer is alive (RFC 7296 §2.4). */
export * from "./probe.ts";
