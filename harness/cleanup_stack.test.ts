import { expect, test } from 'vitest'
import { CleanupStack } from './cleanup_stack.ts'

/** A stack with these clean-ups, registered in this order; one whose name begins with "bad" fails. */
function stackOf(...names: string[]) {
  const stack = new CleanupStack()
  const ran: string[] = []
  const cleanups = names.map((name) =>
    stack.add(name, async () => {
      ran.push(name)
      if (name.startsWith('bad')) throw new Error(`${name} broke`)
    }),
  )
  return { stack, ran, cleanups }
}

test('clean-ups run last registered first, once', async () => {
  const { stack, ran } = stackOf('one', 'two', 'three')

  expect(await stack.runAll()).toEqual([])
  expect(await stack.runAll()).toEqual([])
  expect(ran).toEqual(['three', 'two', 'one'])
})

test('a clean-up that fails does not keep the others from running, and every fault is returned', async () => {
  const { stack, ran } = stackOf('bad one', 'two', 'bad three')

  expect(await stack.runAll()).toEqual([
    { what: 'bad three', error: new Error('bad three broke') },
    { what: 'bad one', error: new Error('bad one broke') },
  ])
  expect(ran).toEqual(['bad three', 'two', 'bad one'])
})

test('a fatal error ends the run, and what is left stays registered', async () => {
  const { stack, ran } = stackOf('one', 'bad two', 'three')

  expect(await stack.runAll(() => true)).toMatchObject([{ what: 'bad two' }])
  expect(ran).toEqual(['three', 'bad two'])
  expect(await stack.runAll()).toEqual([])
  expect(ran).toEqual(['three', 'bad two', 'one'])
})

test('a clean-up that was run early does not run again', async () => {
  const { stack, ran, cleanups } = stackOf('one', 'two', 'three')

  await cleanups[1]?.run()
  await stack.runAll()

  expect(ran).toEqual(['two', 'three', 'one'])
})

test('a clean-up that fails when it is run early rejects and stays registered', async () => {
  const { stack, ran, cleanups } = stackOf('bad one')

  await expect(cleanups[0]?.run()).rejects.toThrow('bad one broke')
  expect(await stack.runAll()).toHaveLength(1)
  expect(ran).toEqual(['bad one', 'bad one'])
})

test('what is forgotten is left alone, also by a clean-up that runs at the end', async () => {
  const { stack, ran, cleanups } = stackOf('one', 'two')
  stack.add('three', async () => cleanups[0]?.forget())
  cleanups[1]?.forget()
  cleanups[1]?.forget()

  await stack.runAll()

  expect(ran).toEqual([])
})

test('a clean-up that a clean-up registers runs next', async () => {
  const { stack, ran } = stackOf('one')
  stack.add('two', async () => stack.add('three', async () => ran.push('three')))

  await stack.runAll()

  expect(ran).toEqual(['three', 'one'])
})

test('a cleared stack leaves everything alone', async () => {
  const { stack, ran } = stackOf('one', 'two')
  stack.clear()

  expect(await stack.runAll()).toEqual([])
  expect(ran).toEqual([])
})
