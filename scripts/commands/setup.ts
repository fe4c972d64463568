import { setUp } from '../lib/setup.ts'

await setUp(['storage', 'uml'], (l) => console.error(l))
