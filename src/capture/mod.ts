/**
 * Room `capture`: packet captures to IKE messages.
 *
 * Duty: read pcap and pcapng, take link layers, IP and UDP off, put IP fragments together, tell IKE from ESP. It reads
 * as it goes: what it holds is bounded, however large the capture is. May import: ip.
 * Never: what is in an IKE message, keys, files. Nothing in a capture makes it throw; what the source throws passes.
 * @module
 */
export type { CapturedMessage, CaptureFault, CaptureFaultCode, CaptureItem, Source } from "./types.ts";
export { MAX_FRAME_LENGTH } from "./window.ts";
export { IkeCapture } from "./ike_capture.ts";
