package audio

// Shared is a Voice for all tests that can share one, so that each language is decoded once for them.
var Shared = New()
