import { expect, test } from 'vitest'
import { type Length, timeLeft } from './time_left.ts'

test.each<[Length, number, number, string]>([
  [28, 1, 3, ', 90 s left'],
  [28, 14, 60, ', 60 s left'],
  [28, 27, 54, ', 10 s left'],
  [28, 28, 56, ''],
  [81, 1, 10, ', 14 min left'],
  [{ seconds: 600 }, 3, 20, ', 10 min left'],
  [{ seconds: 600 }, 90, 571, ', 30 s left'],
  [{ seconds: 600 }, 90, 604, ''],
])('of a run of %j, %i of which took %i s, is left: "%s"', (length, done, elapsed, left) => {
  expect(timeLeft(length, done, elapsed)).toBe(left)
})
