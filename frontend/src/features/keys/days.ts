export const hourMs = 3_600_000
export const dayMs = 24 * hourMs
/** For how long nobody wonders that a key was not used yet. */
export const newDays = 7
/** After how many days without a use a key is pointed out. */
export const staleDays = 90
