/**
 * House rules that the linter holds: import direction between rooms (rooms.ts), purity of src/, ffi in ffi/ only,
 * no silent end of a worker, no sleep in tests.
 */
import { importFault, placeOf } from "./rooms.ts";

/** Globals by which I/O, time, randomness or output would get into src/. */
const IMPURE = new Set([
  "Deno",
  "console",
  "setTimeout",
  "setInterval",
  "queueMicrotask",
  "performance",
  "crypto",
  "fetch",
  "Worker",
  "localStorage",
  "alert",
  "prompt",
  "process",
]);
const IMPURE_MEMBERS = new Set(["Date.now", "Math.random"]);
/** `Object.member` that end a worker without a word to anybody. */
const SILENT_END = new Set(["self.close", "Deno.exit", "globalThis.close"]);

function dotted(node: Deno.lint.MemberExpression): string {
  if (
    node.object.type !== "Identifier" || node.property.type !== "Identifier"
  ) return "";
  return `${node.object.name}.${node.property.name}`;
}

/** Whether an identifier is a reference to a global and not a name that only looks like one. */
function isReference(node: Deno.lint.Identifier): boolean {
  const parent = node.parent;
  switch (parent.type) {
    case "MemberExpression":
      return parent.object === node || parent.computed;
    case "Property":
      if (parent.parent.type === "ObjectPattern") return false;
      return parent.value === node &&
          (parent.key !== node || parent.shorthand) || parent.computed;
    case "CallExpression":
    case "NewExpression":
    case "BinaryExpression":
    case "AssignmentExpression":
    case "VariableDeclarator":
    case "ArrayExpression":
    case "ReturnStatement":
    case "ConditionalExpression":
    case "LogicalExpression":
    case "UnaryExpression":
    case "SpreadElement":
    case "AwaitExpression":
    case "TemplateLiteral":
      return parent.type !== "VariableDeclarator" || parent.init === node;
    default:
      return false;
  }
}

function importRule(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const check = (
    node:
      | Deno.lint.ImportDeclaration
      | Deno.lint.ExportNamedDeclaration
      | Deno.lint.ExportAllDeclaration,
    typeOnly: boolean,
  ) => {
    if (!node.source) return;
    const fault = importFault(context.filename, node.source.value, typeOnly);
    if (fault !== undefined) context.report({ node, message: fault });
  };
  return {
    ImportDeclaration: (node) => check(node, node.importKind === "type"),
    ExportNamedDeclaration: (node) => check(node, node.exportKind === "type"),
    ExportAllDeclaration: (node) => check(node, node.exportKind === "type"),
  };
}

/** Whether an identifier stands where a name is declared: parameter, variable, import, pattern. */
function isDeclaration(node: Deno.lint.Identifier): boolean {
  const parent = node.parent;
  switch (parent.type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
    case "AssignmentPattern":
    case "ImportSpecifier":
      return true;
    case "VariableDeclarator":
      return parent.id === node;
    case "Property":
      return parent.parent.type === "ObjectPattern";
    default:
      return false;
  }
}

function purityRule(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  if (placeOf(context.filename)?.kind !== "src") return {};
  const used: Deno.lint.Identifier[] = [];
  const declared = new Set<string>();
  return {
    Identifier(node) {
      if (!IMPURE.has(node.name)) return;
      if (isDeclaration(node)) declared.add(node.name);
      else if (isReference(node)) used.push(node);
    },
    MemberExpression(node) {
      const name = dotted(node);
      if (IMPURE_MEMBERS.has(name)) {
        context.report({
          node,
          message: `src/ is pure: "${name}" has to come in as a value`,
        });
      }
    },
    "Program:exit"() {
      for (const node of used) {
        // A file that has a parameter of that name means the parameter.
        if (declared.has(node.name)) continue;
        context.report({
          node,
          message: `src/ is pure: "${node.name}" has to come in as a value`,
        });
      }
    },
  };
}

function dlopenRule(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const place = placeOf(context.filename);
  if (
    place === undefined || place.kind === "ffi" || place.kind === "tests" ||
    place.kind === "scripts"
  ) {
    return {};
  }
  return {
    MemberExpression(node) {
      if (dotted(node) === "Deno.dlopen") {
        context.report({ node, message: "Libraries are opened in ffi/ alone" });
      }
    },
  };
}

function silentEndRule(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  if (
    !/_worker\.ts$/.test(context.filename) &&
    !/\/cli\/daemon\/(net|keys|engine)\//.test(context.filename)
  ) return {};
  return {
    MemberExpression(node) {
      const name = dotted(node);
      if (SILENT_END.has(name)) {
        context.report({
          node,
          message: `"${name}" ends a worker silently: throw instead`,
        });
      }
    },
  };
}

function sleepRule(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  if (
    placeOf(context.filename)?.kind !== "tests" ||
    !context.filename.endsWith("_test.ts")
  ) return {};
  return {
    NewExpression(node) {
      if (node.callee.type !== "Identifier" || node.callee.name !== "Promise") {
        return;
      }
      const body = context.sourceCode.getText(node);
      if (
        /^new Promise(<[^>]*>)?\(\s*\(?(\w+)\)?\s*=>\s*\{?\s*setTimeout\(\s*\2\b/
          .test(body)
      ) {
        context.report({
          node,
          message: "Tests do not sleep: await the event itself, or simulated time",
        });
      }
    },
  };
}

const plugin: Deno.lint.Plugin = {
  name: "iked",
  rules: {
    "room-imports": { create: importRule },
    "pure-src": { create: purityRule },
    "ffi-in-ffi": { create: dlopenRule },
    "no-silent-end": { create: silentEndRule },
    "no-sleep": { create: sleepRule },
  },
};

export default plugin;
