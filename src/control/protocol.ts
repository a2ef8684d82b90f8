/** Requests, answers and notifications of the control socket: JSON-RPC 2.0, one object a line. */
import { fail, ok, type Result } from "../bytes/mod.ts";
import type { SourcePlace } from "../policy/types.ts";

/** What may be asked of the daemon. */
export type ControlRequest =
  | { readonly method: "show.sa" }
  | { readonly method: "show.datapath" }
  | { readonly method: "monitor" }
  | { readonly method: "reset"; readonly params: { readonly what: "all" | "sa" } }
  | { readonly method: "log"; readonly params: { readonly level: "brief" | "verbose" } }
  | { readonly method: "mode"; readonly params: { readonly active: boolean } }
  | { readonly method: "couple"; readonly params: { readonly coupled: boolean } }
  /** `plan`: only tells what would become of the SAs. */
  | { readonly method: "reload"; readonly params: { readonly plan: boolean } }
  /** Absolute path of a file that the daemon reads. */
  | { readonly method: "load"; readonly params: { readonly file: string; readonly plan: boolean } };

/** Numbers of JSON-RPC 2.0 §5.1, and one of ours for what the daemon declines. */
export const RPC_ERROR = {
  PARSE: -32700,
  INVALID_REQUEST: -32600,
  UNKNOWN_METHOD: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL: -32603,
  REFUSED: -32000,
} as const;

/** An error as it stands in an answer. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  /** What is wrong in a configuration. */
  readonly data?: ConfigurationRefusal;
}

/** One error or warning about a configuration. */
export interface ToldDiagnostic {
  readonly severity: "error" | "warning";
  readonly code?: string;
  readonly message: string;
  readonly where?: SourcePlace;
  readonly suggestion?: string;
  /** All of it as contracts.md has it: the place, the source line, a caret. */
  readonly text: string;
}

/** Why `reload` and `load` changed nothing. */
export interface ConfigurationRefusal {
  readonly diagnostics: readonly ToldDiagnostic[];
}

/** `id` of a request, as the client chose it; null where it could not be read. */
export type RequestId = string | number | null;

/** A request, or what is wrong with the line and the id to tell it to. */
export type ParsedRequest = Result<
  { readonly id: RequestId; readonly request: ControlRequest },
  { readonly id: RequestId; readonly error: RpcError }
>;

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function oneOf<T extends string | boolean>(
  params: Fields,
  name: string,
  values: readonly T[],
): Result<T, string> {
  const value = values.find((known) => Object.hasOwn(params, name) && params[name] === known);
  if (value !== undefined) return ok(value);
  return fail(`"${name}" must be one of ${values.map((known) => JSON.stringify(known)).join(", ")}`);
}

/** Whether only the plan is asked for; not where nothing is said. */
function planOf(params: Fields): Result<boolean, string> {
  return Object.hasOwn(params, "plan") ? oneOf(params, "plan", [true, false]) : ok(false);
}

/** The request that this method and these parameters are, or why not. */
function requestOf(method: string, params: Fields): Result<ControlRequest, RpcError> {
  const invalid = (message: string) => fail({ code: RPC_ERROR.INVALID_PARAMS, message });
  switch (method) {
    case "show.sa":
    case "show.datapath":
    case "monitor":
      return ok({ method });
    case "reset": {
      const what = oneOf(params, "what", ["all", "sa"] as const);
      return what.ok ? ok({ method, params: { what: what.value } }) : invalid(what.error);
    }
    case "log": {
      const level = oneOf(params, "level", ["brief", "verbose"] as const);
      return level.ok ? ok({ method, params: { level: level.value } }) : invalid(level.error);
    }
    case "mode": {
      const active = oneOf(params, "active", [true, false]);
      return active.ok ? ok({ method, params: { active: active.value } }) : invalid(active.error);
    }
    case "couple": {
      const coupled = oneOf(params, "coupled", [true, false]);
      return coupled.ok ? ok({ method, params: { coupled: coupled.value } }) : invalid(coupled.error);
    }
    case "reload": {
      const plan = planOf(params);
      return plan.ok ? ok({ method, params: { plan: plan.value } }) : invalid(plan.error);
    }
    case "load": {
      const plan = planOf(params), file = params["file"];
      if (!plan.ok) return invalid(plan.error);
      if (typeof file !== "string" || !file.startsWith("/") || file.includes("\0")) {
        return invalid('"file" must be an absolute path');
      }
      return ok({ method, params: { file, plan: plan.value } });
    }
    default:
      return fail({ code: RPC_ERROR.UNKNOWN_METHOD, message: "Unknown method" });
  }
}

/** Reads one line from a client. Nothing in it can make this throw. */
export function parseRequest(line: Uint8Array): ParsedRequest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
  } catch {
    return fail({ id: null, error: { code: RPC_ERROR.PARSE, message: "The line is not JSON in UTF-8" } });
  }
  const refuse = (message: string, id: RequestId = null) =>
    fail({ id, error: { code: RPC_ERROR.INVALID_REQUEST, message } });
  if (!isObject(value)) return refuse("A request is one JSON object");
  const { id, method, params = {} } = value;
  if (typeof id !== "string" && !(typeof id === "number" && Number.isFinite(id))) {
    return refuse('A request needs an "id", a string or a number');
  }
  if (value["jsonrpc"] !== "2.0") return refuse('"jsonrpc" must be "2.0"', id);
  if (typeof method !== "string") return refuse('"method" must be a string', id);
  if (!isObject(params)) return refuse('"params" must be an object', id);
  const request = requestOf(method, params);
  return request.ok ? ok({ id, request: request.value }) : fail({ id, error: request.error });
}

/** A request as a line. */
export function requestLine(id: number, request: ControlRequest): string {
  return `${JSON.stringify({ jsonrpc: "2.0", id, ...request })}\n`;
}

/** An answer as a line. */
export function resultLine(id: RequestId, result: unknown): string {
  return `${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`;
}

/** A refusal as a line. */
export function errorLine(id: RequestId, error: RpcError): string {
  return `${JSON.stringify({ jsonrpc: "2.0", id, error })}\n`;
}

/** A monitor event as a line. */
export function eventLine(event: unknown): string {
  return `${JSON.stringify({ jsonrpc: "2.0", method: "event", params: event })}\n`;
}

/** What comes from the daemon. */
export type Reply =
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "error"; readonly error: RpcError }
  | { readonly kind: "event"; readonly event: unknown };

/** Reads one line from the daemon; undefined where it is none of this protocol. */
export function parseReply(line: Uint8Array): Reply | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(line));
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  if (value["method"] === "event") return { kind: "event", event: value["params"] };
  if (Object.hasOwn(value, "result")) return { kind: "result", result: value["result"] };
  const error = value["error"];
  if (!isObject(error) || typeof error["message"] !== "string" || typeof error["code"] !== "number") {
    return undefined;
  }
  const data = refusalOf(error["data"]);
  return { kind: "error", error: { code: error["code"], message: error["message"], ...data && { data } } };
}

function refusalOf(data: unknown): ConfigurationRefusal | undefined {
  if (!isObject(data) || !Array.isArray(data["diagnostics"])) return undefined;
  const all: readonly unknown[] = data["diagnostics"];
  const diagnostics = all.filter((one) => isObject(one) && typeof one["text"] === "string");
  return { diagnostics: diagnostics as ToldDiagnostic[] };
}
