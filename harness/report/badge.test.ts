import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, test } from 'vitest'
import { exampleCell, exampleResult } from '../../tests/support/example_result.ts'
import { badgeEndpointOf, badgeOf } from './badge.ts'

const cells = [exampleCell(), exampleCell({ id: 'b' }), exampleCell({ id: 'c', verdict: 'not-shown' })]

describe('a badge', () => {
  test('is an image that says the verdict and the counts', () => {
    const svg = badgeOf(exampleResult(cells))

    expect(XMLValidator.validate(svg)).toBe(true)
    expect(new XMLParser({ ignoreAttributes: false }).parse(svg).svg['@_aria-label']).toBe('holeproof: not shown, 2 of 3')
  })

  test.each([
    ['upheld', [exampleCell()], 'upheld, 1 of 1', 'brightgreen'],
    ['refuted', [exampleCell({ verdict: 'refuted' })], 'refuted, 0 of 1', 'red'],
    ['broken', [exampleCell({ verdict: 'broken' })], 'broken, 0 of 1', 'orange'],
    ['not shown', cells, 'not shown, 2 of 3', 'yellow'],
  ])('of a run that is %s has an endpoint for shields.io', (_, some, message, color) => {
    expect(JSON.parse(badgeEndpointOf(exampleResult(some)))).toEqual({ schemaVersion: 1, label: 'holeproof', message, color })
  })
})
