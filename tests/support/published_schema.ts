import { z } from 'zod'

/** The JSON schema to publish. A file is never readonly, only the value that the code makes of it. */
export function publishedSchema(schema: z.ZodType, io: 'input' | 'output' = 'output'): object {
  return z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly
    },
  })
}
