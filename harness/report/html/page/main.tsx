import { render } from 'preact'
import { App } from './app.tsx'
import { readResult } from './read_result.ts'

const place = document.getElementById('page')
if (place !== null) {
  readResult().then(
    (result) => {
      place.replaceChildren()
      render(<App result={result} />, place)
    },
    (error: unknown) => {
      place.textContent = `The result in this page cannot be read: ${error instanceof Error ? error.message : error}`
    },
  )
}
