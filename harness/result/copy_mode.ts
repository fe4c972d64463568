/** How a mover copies: every block, or all but those of zeros. */
export type CopyMode = 'full' | 'sparse'
