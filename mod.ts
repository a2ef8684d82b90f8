export * from "./src/ip/mod.ts";
