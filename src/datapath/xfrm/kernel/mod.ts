/** The kernel's IPsec as a data path, behind a netlink socket that the caller has. */
export * from "./transport.ts";
export * from "./kernel.ts";
