import type { Bench, MeasuredFigure, MeasuredSide } from '../../harness/result/bench.ts'

/** One side of a measured figure: three rounds of the matrix, but for what is given. */
export function exampleSide(change: Partial<MeasuredSide> = {}): MeasuredSide {
  return {
    command: 'scripts/verify --seed 7',
    values: [118, 117.2, 120.1],
    median: 118,
    least: 117.2,
    most: 120.1,
    peakBytes: 2_400_000_000,
    machines: '2 x uml 6.1.176',
    ...change,
  }
}

export function exampleFigure(change: Partial<MeasuredFigure> = {}): MeasuredFigure {
  return {
    state: 'measured',
    id: 'matrix',
    title: 'the whole matrix',
    unit: 'seconds',
    before: exampleSide(),
    after: exampleSide({ values: [70.3, 71, 70], median: 70.3, least: 70, most: 71 }),
    ratio: { median: 0.5958, least: 0.5828, most: 0.6058 },
    ...change,
  }
}

export function exampleBench(change: Partial<Bench> = {}): Bench {
  return {
    schema: 'holeproof-bench-1',
    version: '0.1.0',
    startedAt: '2026-11-26T06:00:00.000Z',
    seconds: 1234.5,
    seed: 7,
    before: { commit: '006db709fc945b8555de6482611d9b7973106d0a' },
    after: { commit: 'f6189c1b5d83022f310970719ef5eb41fb0a61de' },
    host: { cores: 2, memoryBytes: 25769803776, kernel: '6.18.44', node: 'v20.20.2', load: [0.3, 0.2, 0.1] },
    memory: 'pss',
    figures: [exampleFigure()],
    ...change,
  }
}
