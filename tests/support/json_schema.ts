/** A validator for the part of JSON Schema (2020-12) that this project's schemas use. */
import type { Schema } from "../../src/config/json/schema.ts";

const KEYWORDS = new Set([
  "$schema",
  "$id",
  "$ref",
  "$defs",
  "title",
  "description",
  "type",
  "const",
  "enum",
  "anyOf",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "minimum",
  "maximum",
  "pattern",
]);

function isType(value: unknown, type: NonNullable<Schema["type"]>): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "number":
      return typeof value === "number";
  }
}

/** What keeps a value from being of the form, each with its path; none where it is. */
export function schemaFaults(root: Schema, value: unknown, schema: Schema = root, path = "$"): string[] {
  const unknown = Object.keys(schema).filter((word) => !KEYWORDS.has(word));
  if (unknown.length > 0) return [`${path}: the schema says ${unknown}, which is not checked`];
  const faults: string[] = [];
  if (schema.$ref !== undefined) {
    const target = root.$defs?.[schema.$ref.replace("#/$defs/", "")];
    if (target === undefined) return [`${path}: there is no ${schema.$ref}`];
    faults.push(...schemaFaults(root, value, target, path));
  }
  if (schema.type !== undefined && !isType(value, schema.type)) {
    return [`${path}: expected ${schema.type}, found ${JSON.stringify(value)}`];
  }
  if ("const" in schema && value !== schema.const) faults.push(`${path}: expected ${schema.const}`);
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) {
    faults.push(`${path}: ${JSON.stringify(value)} is none of ${schema.enum}`);
  }
  if (schema.anyOf !== undefined) {
    const tries = schema.anyOf.map((one) => schemaFaults(root, value, one, path));
    if (tries.every((one) => one.length > 0)) {
      faults.push(`${path}: fits nothing: ${tries.map((one) => one[0]).join(" | ")}`);
    }
  }
  if (typeof value === "number") {
    if (value < (schema.minimum ?? -Infinity) || value > (schema.maximum ?? Infinity)) {
      faults.push(`${path}: ${value} is out of range`);
    }
  }
  if (typeof value === "string" && schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) {
    faults.push(`${path}: ${value} is not of the form ${schema.pattern}`);
  }
  if (Array.isArray(value) && schema.items !== undefined) {
    value.forEach((one, at) => faults.push(...schemaFaults(root, one, schema.items!, `${path}[${at}]`)));
  }
  if (isType(value, "object") && schema.properties !== undefined) {
    const members = value as Record<string, unknown>;
    for (const key of schema.required ?? []) if (!(key in members)) faults.push(`${path}: ${key} is missing`);
    for (const [key, one] of Object.entries(members)) {
      const form = schema.properties[key];
      if (form !== undefined) faults.push(...schemaFaults(root, one, form, `${path}.${key}`));
      else if (schema.additionalProperties === false) faults.push(`${path}: ${key} is too much`);
    }
  }
  return faults;
}
