import { z } from 'zod'

/** An object whose properties are readonly. */
export function object<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.object(shape).readonly()
}

/** A readonly array. */
export function list<Item extends z.ZodType>(item: Item) {
  return z.array(item).readonly()
}

export const bytes = z.number().int().nonnegative().describe('bytes')
export const seconds = z.number().nonnegative().describe('seconds')
