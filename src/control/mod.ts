/**
 * Room `control`: what is said over the control socket, and how it reads.
 *
 * Duty: JSON-RPC 2.0 lines (contracts.md), the command words of ikectl(8), the rendering of answers, monitor events
 * and log lines. Values and text only.
 * May import: types of `engine`. Never: sockets, files, the terminal, the clock.
 * @module
 */
export * from "./text.ts";
export * from "./lines.ts";
export * from "./protocol.ts";
export * from "./commands.ts";
export * from "./render.ts";
export * from "./reload.ts";
export * from "./events.ts";
