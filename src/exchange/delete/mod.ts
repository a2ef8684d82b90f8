/** DELETE as we send it (RFC 7296 §1.4.1), and SAs that outlive their purpose. */
export * from "./child.ts";
export * from "./ike.ts";
