package gate

// DrainTimeout is how long what is under way may take when a gate stops.
const DrainTimeout = drainTimeout
