import { describe, expect, test } from 'vitest'
import { readAnswer } from './lvm_shell.ts'

const entry = (log_type: string, log_object_type: string, log_message: string, log_ret_code: string) => ({
  log_type,
  log_object_type,
  log_message,
  log_ret_code,
})
const ENDED_WELL = entry('status', 'cmd', 'success', '1')

describe('the answer of an LVM shell', () => {
  test('is exit code 0 and what was printed when the command succeeds', () => {
    const log = [entry('print', 'vg', 'Logical volume "v" created.', '0'), entry('status', 'vg', 'success', '1'), ENDED_WELL]

    expect(readAnswer(JSON.stringify({ log }))).toEqual({ code: 0, printed: '  Logical volume "v" created.\n', errors: '' })
  })

  test('is the code of the command and its errors when it fails', () => {
    const log = [
      entry('status', 'vg', 'success', '1'),
      entry('error', 'lv', 'Failed to find logical volume "g/v"', '0'),
      entry('status', 'cmd', 'failure', '5'),
    ]

    expect(readAnswer(JSON.stringify({ log }))).toEqual({ code: 5, printed: '', errors: '  Failed to find logical volume "g/v"\n' })
  })

  test('holds the report alone, without the log', () => {
    const report = [{ lv: [{ lv_name: 'v' }] }]

    expect(JSON.parse(readAnswer(JSON.stringify({ report, log: [ENDED_WELL] })).report ?? '')).toEqual({ report })
  })

  test.each([
    ['no log', {}],
    ['a log without the end of the command', { log: [entry('status', 'vg', 'success', '1')] }],
    ['an end without a code', { log: [entry('status', 'cmd', 'success', '')] }],
    ['an end with words for a code', { log: [entry('status', 'cmd', 'success', 'fine')] }],
  ])('is refused when it has %s', (_, answer) => {
    expect(() => readAnswer(JSON.stringify(answer))).toThrow()
  })
})
