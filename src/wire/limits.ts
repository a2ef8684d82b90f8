/**
 * Bounds on what one message may make the decoder build. All are far above what peers send; they keep a 64 kB datagram
 * of the smallest structures from turning into ten thousands of objects.
 */

/** An IKE_AUTH with a chain of certificates, configuration, MOBIKE addresses and vendor IDs has some 40. */
export const MAX_PAYLOADS = 256;

/** The number of a proposal is one octet and counts from 1 (RFC 7296 §3.3.1). */
export const MAX_PROPOSALS = 255;

/** In one SA payload, all proposals together: peers that offer everything they have send about 60. */
export const MAX_TRANSFORMS = 1024;

/** RFC 7296 defines one attribute; more are only there to be passed over. */
export const MAX_TRANSFORM_ATTRIBUTES = 8;

/** In one Delete payload: Child SAs of one IKE SA. */
export const MAX_DELETE_SPIS = 4096;

/** In one Configuration payload: address families times servers, subnets and domains. */
export const MAX_CFG_ATTRIBUTES = 1024;
