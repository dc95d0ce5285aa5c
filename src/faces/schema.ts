// Fields of commands as JSON Schema, for callers that are programs. As small as can be: an AI agent reads all of it
// before it does anything.
export type JsonSchema = Readonly<Record<string, unknown>>

/** What of a field a schema says. */
export interface SchemaField {
  kind: 'text' | 'list' | 'rest' | 'secret' | 'flag' | 'count' | 'choice' | 'moment'
  about: string
  min?: number
  max?: number
  choices?: readonly string[]
  fallback?: string
}

/** The schema of the value of one field. */
export function fieldSchema(field: SchemaField): JsonSchema {
  const { about, fallback } = field
  const description = fallback === undefined || field.kind === 'flag' ? about : `${about}; default ${fallback}`
  switch (field.kind) {
    case 'list':
    case 'rest':
      return { type: 'array', items: { type: 'string' }, description }
    case 'flag':
      return { type: 'boolean', description }
    case 'count':
      return {
        type: 'integer',
        ...(field.min !== undefined && { minimum: field.min }),
        ...(field.max !== undefined && { maximum: field.max }),
        description,
      }
    case 'choice':
      return { type: 'string', enum: field.choices ?? [], description }
    default:
      return { type: 'string', description }
  }
}

/** An object with these members; nothing else may be in it unless `open`. */
export function objectSchema(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = [],
  { open = false } = {},
): JsonSchema & { type: 'object' } {
  return {
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    ...(!open && { additionalProperties: false }),
  }
}
