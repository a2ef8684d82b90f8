/** What the engine tells: as an event of `monitor` and as a line of the log (contracts.md). */
import { assertNever } from "../bytes/mod.ts";
import type { EngineEvent, FailureReport, LogLevel } from "../engine/types.ts";
import { fieldValue, printable, quoted } from "./text.ts";

/** One object of `iked ctl monitor`. */
export interface MonitorEvent {
  readonly time: string;
  readonly event: EngineEvent["kind"] | "config";
  readonly policy: string | null;
  readonly peer: string | null;
  readonly reason?: string;
  /** What the log says, where it says more. */
  readonly text?: string;
}

/** A line of the log, without the `iked: LEVEL: ` before it. */
export interface LogLine {
  readonly level: LogLevel;
  readonly text: string;
}

type Field = readonly [key: string, value: string | number | undefined];

/** A text and its `key=value` fields on one line; absent fields are left out. */
export function logText(text: string, fields: readonly Field[]): string {
  const shown = fields.filter((field) => field[1] !== undefined);
  return [printable(text), ...shown.map(([key, value]) => `${key}=${fieldValue(value!)}`)].join(" ");
}

/** All fields in every line, in this order: a script finds them by one pattern. No policy is `policy=""`. */
function failureText({ code, policy = "", peer, wanted, got, fix }: FailureReport): string {
  return [
    "failed negotiation",
    `reason=${fieldValue(code)}`,
    `policy=${quoted(policy)}`,
    `peer=${fieldValue(peer)}`,
    `wanted=${quoted(wanted)}`,
    `got=${quoted(got)}`,
    `fix=${quoted(fix)}`,
  ].join(" ");
}

/** The event as one line of the log; its first word is the kind, a remark has its own text. */
export function logLineOf(event: EngineEvent): LogLine {
  switch (event.kind) {
    case "ike-up":
    case "ike-down":
    case "ike-rekeyed":
    case "child-up":
    case "child-down":
    case "child-rekeyed": {
      const id = "id" in event ? event.id : undefined;
      const text = "text" in event ? event.text : undefined;
      const { policy, peer, reason } = event;
      const fields: Field[] = [["id", id], ["policy", policy], ["peer", peer], ["reason", reason], [
        "child",
        text,
      ]];
      return { level: "notice", text: logText(event.kind, fields) };
    }
    case "failed":
      return { level: "warning", text: failureText(event.report) };
    case "log":
      return {
        level: event.level,
        text: logText(event.text, [["policy", event.policy], ["peer", event.peer]]),
      };
    default:
      return assertNever(event);
  }
}

/** The event as `monitor` shows it; `time` is RFC 3339. */
export function monitorEventOf(event: EngineEvent, time: string): MonitorEvent {
  if (event.kind === "failed") {
    const { report } = event;
    const { policy = null, peer, code } = report;
    return { time, event: event.kind, policy, peer, reason: code, text: failureText(report) };
  }
  const { kind, policy = null, peer = null } = event;
  const reason = "reason" in event && event.reason !== undefined ? { reason: event.reason } : {};
  const text = "text" in event && event.text !== undefined ? { text: event.text } : {};
  return { time, event: kind, policy, peer, ...reason, ...text };
}

/** A monitor event for people: one line. */
export function renderEvent(event: MonitorEvent): string {
  const { time, event: kind, policy, peer, reason, text } = event;
  const fields: Field[] = [["policy", policy ?? undefined], ["peer", peer ?? undefined], ["reason", reason]];
  return logText(`${time} ${kind}`, [...fields, ["text", text]]);
}
