/**
 * JSON Schema 2020-12 as its text reads, over JavaScript values: the other opinion that the interpreter is compared with. It knows plain JSON
 * only, decides by whole passes over decoded values, and shares no code with the interpreter.
 */
export type Schema = boolean | { readonly [keyword: string]: unknown };

/** Whether a value of null, booleans, numbers, strings, arrays and plain objects fits a schema. */
export function fits(schema: Schema, value: unknown, root: Schema = schema): boolean {
  if (typeof schema === "boolean") return schema;
  return Object.entries(schema).every(([keyword, said]) => holds(keyword, said, schema, value, root));
}

function holds(keyword: string, said: unknown, schema: Exclude<Schema, boolean>, value: unknown, root: Schema): boolean {
  const limit = said as number;
  switch (keyword) {
    case "type":
      return (Array.isArray(said) ? said : [said]).some((type) => isOfType(type as string, value));
    case "const":
      return canonical(said) === canonical(value);
    case "enum":
      return (said as unknown[]).some((option) => canonical(option) === canonical(value));
    case "minimum":
      return typeof value !== "number" || value >= limit;
    case "maximum":
      return typeof value !== "number" || value <= limit;
    case "exclusiveMinimum":
      return typeof value !== "number" || value > limit;
    case "exclusiveMaximum":
      return typeof value !== "number" || value < limit;
    case "multipleOf":
      return typeof value !== "number" || value % limit === 0;
    case "minLength":
      return typeof value !== "string" || [...value].length >= limit;
    case "maxLength":
      return typeof value !== "string" || [...value].length <= limit;
    case "pattern":
      return typeof value !== "string" || new RegExp(said as string, "u").test(value);
    case "minItems":
      return !Array.isArray(value) || value.length >= limit;
    case "maxItems":
      return !Array.isArray(value) || value.length <= limit;
    case "items":
      return !Array.isArray(value) || value.every((item) => fits(said as Schema, item, root));
    case "anyOf":
      return (said as Schema[]).some((option) => fits(option, value, root));
    case "$ref":
      return fits(said === "#" ? root : definition(root, (said as string).slice("#/$defs/".length)), value, root);
    default:
      return !isObject(value) || holdsForObject(keyword, said, schema, value, root);
  }
}

function holdsForObject(
  keyword: string,
  said: unknown,
  schema: Exclude<Schema, boolean>,
  value: Readonly<Record<string, unknown>>,
  root: Schema,
): boolean {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  switch (keyword) {
    case "minProperties":
      return Object.keys(value).length >= (said as number);
    case "maxProperties":
      return Object.keys(value).length <= (said as number);
    case "required":
      return (said as string[]).every((name) => Object.hasOwn(value, name));
    case "properties":
      return Object.entries(properties).every(([name, inside]) => !Object.hasOwn(value, name) || fits(inside, value[name], root));
    case "additionalProperties":
      return Object.entries(value).every(([name, item]) => Object.hasOwn(properties, name) || fits(said as Schema, item, root));
    default:
      return true;
  }
}

function isOfType(type: string, value: unknown): boolean {
  if (type === "null") return value === null;
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  return type === "object" ? isObject(value) : typeof value === type;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function definition(root: Schema, name: string): Schema {
  return ((root as Record<string, unknown>).$defs as Record<string, Schema>)[name] as Schema;
}

/** A text that is equal for equal JSON values. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return Object.is(value, -0) ? "0" : JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`);
  return `{${entries.sort().join()}}`;
}
