/** What ingest's gateway lets through at every cloud. A request carries up to 100 KB of changes. */
export const requestsPerSecond = 1000
