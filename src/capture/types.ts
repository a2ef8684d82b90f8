/** What goes in and out of the room. */
import type { Endpoint } from "../ip/mod.ts";

/** Where the octets of a capture come from. */
export interface Source {
  /** Fills the front of `into` and says with how many octets, at least 1; 0 at the end. */
  read(into: Uint8Array): number;
}

/** One frame as a capture file has it. `octets` is a view that lasts until the next item is asked for. */
export interface Frame {
  readonly kind: "frame";
  /** Link type (the registry of tcpdump.org, LINKTYPE_…). */
  readonly linkType: number;
  /** Nanoseconds since 1970-01-01T00:00:00Z; absent where the file states no time. */
  readonly timeNs?: bigint;
  readonly octets: Uint8Array;
}

/** An IKE message, without the non-ESP marker. `octets` is a view that lasts until the next item is asked for. */
export interface CapturedMessage {
  readonly kind: "message";
  /** Counts the frames of the file from 1: that of the message, or of the fragment that completed it. */
  readonly frame: number;
  readonly timeNs?: bigint;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly octets: Uint8Array;
}

/**
 * What can be wrong with a capture:
 * - `not-a-capture`: it does not begin like one; nothing was read,
 * - `truncated`: it ends within a structure,
 * - `corrupt`: a length or magic number is impossible; what is behind it cannot be found,
 * - `unknown`: a part of it that cannot be read here; reading goes on behind it.
 */
export type CaptureFaultCode = "not-a-capture" | "truncated" | "corrupt" | "unknown";

export interface CaptureFault {
  readonly kind: "fault";
  readonly code: CaptureFaultCode;
  /** Where, in octets from the start of the file. */
  readonly octet: number;
  readonly message: string;
}

export type CaptureItem = CapturedMessage | CaptureFault;
